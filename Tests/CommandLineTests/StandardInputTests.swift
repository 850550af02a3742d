import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("submit of standard input")
struct StandardInputTests {
    private static let users = #"[{"email":"a@x.example","name":"A"},{"email":"b@x.example","name":"B"}]"#
    private static let csv = "email,name\na@x.example,A\nb@x.example,B\n"

    /// Sends what is read from `input` and returns what the server was sent.
    private func submit(_ input: FileHandle) async throws -> (outcome: CommandRunner.Outcome, body: String?) {
        let server = FakeServer()
        let outcome = try await server.serve { url in
            try await CommandRunner.run(
                ["submit", "-", "--tenant", "acme", "--server", url], environment: ["INTERNAL_API_KEY": FakeServer.key],
                inputHandle: input)
        }
        return (outcome, await server.received.first.map { String(decoding: $0.body, as: UTF8.self) })
    }

    @Test("a file of which others have read a part is sent from there on")
    func partlyRead() async throws {
        let folder = try TemporaryDirectory()
        let head = "a line of another program\n"
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.write("all", head + Self.csv)))
        try file.seek(toOffset: UInt64(head.utf8.count))
        let (outcome, body) = try await submit(file)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(body?.contains("\"users\":\(Self.users)") == true, "\(body ?? "")")
    }
}
