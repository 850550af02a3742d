import Foundation
import Logging
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: hostile bodies")
struct HostileBodyFaults {
    private static let paths = ["/api/internal/sync/users", "/api/internal/sync/remove-user"]

    @Test("gzip bombs, nested ones too, end at the limit; memory does not grow with them")
    func bombs() async throws {
        var report = FaultReport(fault: "gzip bombs")
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver, settings: ["MAX_REQUEST_BYTES": String(64 << 20)])
            let good = GoodCaller(server, receiver, folder)
            let start = #"{"operation":"user_sync","tenant":{"id":"hostile","name":"n"},"#
            // A gzip body may have several members, so a megabyte that is packed once makes a bomb of any size.
            let blank = try gzipped(Data(repeating: 0x20, count: 1 << 20))
            let letters = try gzipped(Data(repeating: 0x61, count: 1 << 20))
            let megabytes = FaultScale.pick(200, full: 2000)
            func many(_ member: Data) -> Data { (0..<megabytes).reduce(into: Data()) { data, _ in data += member } }
            let bombs: [(body: Data, status: Int)] = [
                (many(blank), 413),
                (try gzipped(Data(start.utf8)) + many(blank), 413),
                (try gzipped(Data((start + #""x":""#).utf8)) + many(letters), 413),
                (try gzipped(Data((start + #""users":[{"id":"u","email":"a@x.io","name":""#).utf8)) + many(letters), 413),
                // What is inside is no JSON, however much it would be.
                (try gzipped(many(blank).prefix(40_000)), 400),
                (try gzipped(try gzipped(Data(repeating: 0x20, count: 8 << 20))), 400),
            ]
            try await good.submit(&report)
            let before = server.memory
            for _ in 0..<FaultScale.pick(2, full: 20) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, bomb) in bombs.enumerated() {
                        group.addTask {
                            let answer = try await HostileCall.post(
                                port: server.port, headers: ["Content-Encoding": "gzip"], bomb.body)
                            #expect(answer.status == bomb.status, "bomb \(number): \(answer.status) \(answer.text.prefix(200))")
                        }
                    }
                    try await group.waitForAll()
                }
                report.tries += bombs.count
                try await good.submit(&report)
            }
            #expect(await eventually { server.memory < before + 128 << 20 }, "\(before >> 20) MiB grew to \(server.memory >> 20)")
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("what is no JSON, or JSON to trip a reader with, is a 400, never a 500, and nothing of it is kept")
    func malformed() async throws {
        var report = FaultReport(fault: "malformed and malicious JSON")
        try await TestServer.run { server in
            let good = GoodCaller(server)
            for _ in 0..<FaultScale.pick(1, full: 20) {
                for path in Self.paths {
                    for (name, body) in bodies(isSync: path.hasSuffix("users")) {
                        let answer = try await HostileCall.post(port: server.port, path, body)
                        // A removal is small: it is refused by its size where that shows first.
                        let isTooLarge = answer.status == 413 && path.hasSuffix("remove-user") && body.count > 65_536
                        #expect(
                            answer.status == 400 || isTooLarge, "\(path) \(name): \(answer.status) \(answer.text.prefix(200))")
                        #expect(answer.json.requestId.string != nil && answer.text.utf8.count < 100_000, "\(name)")
                        report.tries += 1
                    }
                }
            }
            let jobs = try await server.get("/api/internal/sync/jobs?tenantId=hostile")
            #expect(jobs.json.jobs.array.isEmpty)
            #expect(try server.rows("SELECT * FROM users WHERE tenant_id = 'hostile'").isEmpty)
            try await good.submit(&report)
            #expect(server.log.lines.filter { $0.level >= .error }.isEmpty)
        }
        try report.publish()
    }

    /// Bodies by what is wrong with each.
    private func bodies(isSync: Bool) -> [(String, Data)] {
        let tenant = #""tenant":{"id":"hostile","name":"n"}"#
        let user = #"{"id":"u","email":"a@x.io","name":"A"}"#
        let start = isSync ? #"{"operation":"user_sync",\#(tenant),"# : #"{"operation":"user_removal",\#(tenant),"#
        let whole = start + (isSync ? #""users":[\#(user)]"# : #""userId":"u""#)
        func text(_ text: String) -> Data { Data(text.utf8) }
        /// A good body with one more member.
        func with(_ member: String) -> Data { text(whole + "," + member + "}") }
        func bytes(_ value: [UInt8]) -> Data { text(whole + #","x":""#) + Data(value) + text(#""}"#) }
        let digits = String(repeating: "9", count: 10_000)
        var list: [(String, Data)] = [
            ("100,000 arrays", with(#""x":"# + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000))),
            ("100,000 objects", with(#""x":"# + String(repeating: #"{"a":"#, count: 100_000))),
            ("arrays alone", text(String(repeating: "[", count: 100_000))),
            ("a byte that is no UTF-8", bytes([0xFF])), ("an overlong slash", bytes([0xC0, 0xAF])),
            ("an overlong NUL", bytes([0xC0, 0x80])), ("a surrogate in UTF-8", bytes([0xED, 0xA0, 0x80])),
            ("beyond Unicode", bytes([0xF4, 0x90, 0x80, 0x80])), ("a cut character", bytes([0xE2, 0x82])),
            ("a lone high surrogate", with(#""x":"\ud83d""#)), ("a lone low surrogate", with(#""x":"\ude00""#)),
            ("surrogates the wrong way round", with(#""x":"\ude00\ud83d""#)), ("an escaped NUL", with(#""x":"\u0000""#)),
            ("a NUL", bytes([0])), ("a newline within a string", bytes([0x0A])),
            ("a NUL outside", text(whole) + Data([0, 0x7D])),
            ("a NUL after the end", text(whole + "}") + Data([0])), ("a BOM", Data([0xEF, 0xBB, 0xBF]) + text(whole + "}")),
            ("UTF-16", text(whole + "}").flatMap { [$0, 0] }.reduce(into: Data()) { $0.append($1) }),
            ("two bodies", text(whole + "}" + whole + "}")), ("a comment", text(whole + "/* */}")),
            ("NaN", with(#""x":NaN"#)), ("Infinity", with(#""x":-Infinity"#)), ("a leading zero", with(#""x":007"#)),
            ("a number without an end", with(#""x":1e"#)), ("single quotes", with("'x':1")),
            ("a trailing comma", with(#""x":[1,]"#)),
            ("operation twice", with(#""operation":"user_removal""#)), ("the tenant twice", with(tenant)),
            ("the tenant twice, escaped", with(#""\u0074enant":{"id":"victim","name":"n"}"#)),
            ("the tenant's id twice", text(whole.replacing(#""id":"hostile""#, with: #""id":"victim","id":"hostile""#) + "}")),
            ("a prototype", text(#"{"__proto__":\#(whole)}}"#)), ("null", text("null")),
            ("a number of 10,000 digits", text(digits)),
            ("such a number as the tenant", text(whole.replacing(#""hostile""#, with: digits) + "}")),
            ("nothing but blanks", Data(repeating: 0x20, count: 100_000)),
        ]
        if isSync {
            list += [
                ("the users twice", with(#""users":[]"#)),
                ("a user's email twice", with(#""x":1"#.replacing("x", with: "users"))),
                (
                    "such a number as a boolean",
                    text(whole.replacing(#""name":"A""#, with: #""name":"A","isActive":\#(digits)"#) + "}")
                ),
                ("such a number as an id", text(whole.replacing(#""id":"u""#, with: #""id":\#(digits)"#) + "}")),
                ("a user's id twice", text(whole.replacing(#""id":"u""#, with: #""id":"u","id":"v""#) + "}")),
                (
                    "a user beyond 64 KiB",
                    text(
                        whole.replacing(
                            #""name":"A""#, with: #""name":"A","roles":["\#(String(repeating: "r", count: 70_000))"]"#) + "}")
                ),
                ("a moment of 10,000 digits", with(#""metadata":{"syncTime":"\#(digits)-01-01T00:00:00Z"}"#)),
            ]
        } else {
            list += [
                ("the user twice", with(#""userId":"v""#)), ("a userId that is a list", text(start + #""userId":["u"]}"#)),
                ("a moment of 10,000 digits", with(#""removedAt":"\#(digits)-01-01T00:00:00Z""#)),
            ]
        }
        return list
    }
}
