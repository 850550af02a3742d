import NIOHTTP1
import SyncAPI
import SyncModel
import TerminalUI

/// The server refused the request.
package struct Refusal: Error, CustomStringConvertible {
    package let status: Int
    let error: ErrorDocument?
    /// Seconds.
    let retryAfter: Int?
    private let hasKey: Bool

    init(answer: SyncClient.Answer, hasKey: Bool) {
        status = answer.status
        error = try? answer.decoded()
        retryAfter = answer.headers.first(name: "Retry-After").flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
        self.hasKey = hasKey
    }

    package var description: String {
        var lines = ["the server answered \(status)\(error.map { ": \(TerminalText.oneLine($0.error))" } ?? "")"]
        switch error?.details {
        case .sentence(let text): lines.append("  \(TerminalText.oneLine(text))")
        case .violations(let all):
            lines += all.prefix(10).map { "  \(TerminalText.oneLine($0.message))" }
            let count = error?.errorCount ?? all.count
            if count > 10 { lines.append("  and \(Format.count(count - min(10, all.count))) more") }
        case nil: break
        }
        if status == 401 {
            lines.append(
                hasKey
                    ? "  The key is not one of the server's: look at INTERNAL_API_KEY here and there, or name it with --key-file."
                    : "  No key was sent: set INTERNAL_API_KEY, or name a file that holds it with --key-file.")
        }
        if let retryAfter { lines.append("  Try again in \(Format.duration(Double(retryAfter))).") }
        if let id = error?.requestID, !id.isEmpty { lines.append("  Request \(TerminalText.oneLine(id))") }
        return lines.joined(separator: "\n")
    }
}
