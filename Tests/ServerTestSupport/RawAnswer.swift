package import TestSupport

/// Answers as they stand on a connection, taken apart the way a caller does: by length, by chunks, or to the end.
package struct RawAnswer {
    package var version: String
    package var status: Int
    package var fields: [(name: String, value: String)]
    package var body: String
    /// Whether the body ended as its framing says.
    package var isWhole: Bool

    package func field(_ name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }
    package var json: JSONValue { JSONValue(.init(body.utf8)) }

    /// - Parameter methods: of the requests; what HEAD gets has no body. Requests beyond the list are GETs.
    package static func all(in text: String, to methods: [String] = []) -> [RawAnswer] {
        var rest = Substring(text)
        var answers: [RawAnswer] = []
        while let end = rest.firstRange(of: "\r\n\r\n") {
            let lines = rest[..<end.lowerBound].split(separator: "\r\n", omittingEmptySubsequences: false)
            let words = lines[0].split(separator: " ", maxSplits: 2)
            let fields = lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return (name: parts[0].lowercased(), value: String((parts.count > 1 ? parts[1] : "").drop { $0 == " " }))
            }
            rest = rest[end.upperBound...]
            var answer = RawAnswer(
                version: String(words.first ?? ""), status: words.count > 1 ? Int(words[1]) ?? 0 : 0, fields: fields, body: "",
                isWhole: true)
            let isHead = answers.count < methods.count && methods[answers.count] == "HEAD"
            if !isHead, answer.status >= 200, answer.status != 204 { answer.takeBody(&rest) }
            answers.append(answer)
        }
        // What is left over is no answer: a body where none may be.
        if !rest.isEmpty { answers.append(RawAnswer(version: "", status: 0, fields: [], body: String(rest), isWhole: false)) }
        return answers
    }

    private mutating func takeBody(_ rest: inout Substring) {
        if field("transfer-encoding") == "chunked" {
            isWhole = false
            while let line = rest.firstRange(of: "\r\n"), let size = Int(rest[..<line.lowerBound], radix: 16) {
                let bytes = Array(rest[line.upperBound...].utf8)
                guard bytes.count >= size + 2 else { return }
                body += String(decoding: bytes[..<size], as: UTF8.self)
                rest = Substring(String(decoding: bytes[(size + 2)...], as: UTF8.self))
                if size == 0 {
                    isWhole = true
                    return
                }
            }
        } else {
            let bytes = Array(rest.utf8)
            let length = field("content-length").flatMap { Int($0) } ?? bytes.count
            isWhole = bytes.count >= length
            body = String(decoding: bytes.prefix(length), as: UTF8.self)
            rest = Substring(String(decoding: bytes.dropFirst(length), as: UTF8.self))
        }
    }
}

extension RawCaller {
    /// Sends all at once, and returns the answers once so many came or the server closed the connection.
    package static func answers(
        port: Int, _ text: String, count: Int = 1, to methods: [String] = [], seconds: Double = 60
    ) async throws -> (answers: [RawAnswer], isClosed: Bool) {
        let caller = try await connect(port: port)
        await caller.send(text)
        _ = await eventually(seconds) {
            caller.isClosed || RawAnswer.all(in: caller.answer, to: methods).count { $0.isWhole } >= count
        }
        // Who says that it closes may take its time over it.
        let saysSo = RawAnswer.all(in: caller.answer, to: methods).contains { $0.field("connection")?.lowercased() == "close" }
        let isClosed = await eventually(saysSo ? seconds : 0.3) { caller.isClosed }
        let answers = RawAnswer.all(in: caller.answer, to: methods)
        await caller.close()
        return (answers, isClosed)
    }
}
