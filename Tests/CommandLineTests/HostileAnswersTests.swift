import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("A server's text on a terminal")
struct HostileAnswersTests {
    private static let environment = ["INTERNAL_API_KEY": FakeServer.key]

    /// What moves the cursor, asks the terminal for an answer, sets its title, reorders, hides or ends a line; some of it escaped,
    /// some as it is, as JSON allows for all but C0.
    private static let hostile =
        #""A\u001b[6n\u001b]0;t\u0007\r\n\u009b6n\u202eB\u2066\u200f\u061c"#
        + "\u{7F}\u{85}\u{9B}6n\u{202A}\u{202E}\u{2067}\u{2069}\u{200E}\u{200F}\u{61C}\u{2028}\u{2029}\u{AD}\u{FEFF}\u{E0041}Z\""

    /// Every command that talks to a server; `FILE` is one of users.
    private static let commands: [[String]] = [
        ["status"], ["jobs"], ["jobs", "show", FakeServer.job], ["jobs", "show", FakeServer.job, "--failed"],
        ["jobs", "show", FakeServer.job, "--follow"], ["jobs", "retry", FakeServer.job],
        ["jobs", "retry", FakeServer.job, "--follow"], ["jobs", "cancel", FakeServer.job], ["deliveries"],
        ["deliveries", "redeliver", "msg_1"], ["deliveries", "redeliver", "--dead"], ["deliveries", "test"],
        ["tenants", "alias"], ["tenants", "alias", "set", "org_1", "acme"], ["tenants", "alias", "forget", "org_1"],
        ["tenants", "alias", "merge", "org_1", "acme"], ["tenants", "alias", "merge", "org_1", "acme", "--yes"],
        ["tenants", "merges"], ["tenants", "merges", "cancel", "7"],
        ["submit", "FILE", "--tenant", "acme"],
        ["submit", "FILE", "--tenant", "acme", "--follow"], ["check"],
    ]

    private static let withJSON = commands.filter { $0.first != "check" }

    /// The commands with the server's address, and a file whose header has a hostile column.
    private func forEach(
        _ commands: [[String]], answers: [String: (status: Int, body: String)],
        _ body: @escaping @Sendable ([String]) async throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("users.csv", "email,name,\"A\u{1B}[6n\u{202E}\u{9B}6n\"\na@x.example,A,1\n")
        try await FakeServer(answers: answers).serve { url in
            for command in commands { try await body(command.map { $0 == "FILE" ? file : $0 } + ["--server", url]) }
        }
        withExtendedLifetime(folder) {}
    }

    /// Nothing but text, ends of lines and what usersync itself draws with.
    private static func isHarmless(_ output: String) -> Bool {
        let drawn = output.replacing(/\u{1B}\[[0-9]*m|\r?\u{1B}\[2K|\r\n|\n/, with: "")
        return drawn.unicodeScalars.allSatisfy {
            ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
    }

    @Test("does not act on it, whichever command shows it", arguments: [false, true])
    func tables(isRefused: Bool) async throws {
        let answers = Answers(text: Self.hostile)
        try await forEach(Self.commands, answers: isRefused ? answers.refusals : answers.byRequest) { command in
            let (status, output) = try await TerminalProcess.run(command, environment: Self.environment)
            #expect(status.map { (0...1).contains($0) } == true, "\(command)")
            #expect(Self.isHarmless(output), "\(command): \(output.debugDescription)")
            let piped = try await CommandRunner.run(command, environment: Self.environment)
            #expect(Self.isHarmless(piped.output + piped.error), "\(command): \(piped)")
        }
    }

    @Test("does not act on it with --json either, and reads as the same JSON; a pipe gets it byte for byte")
    func json() async throws {
        let answers = Answers(text: Self.hostile)
        let bodies = Set(answers.byRequest.values.map { $0.body + "\n" })
        try await forEach(Self.withJSON.map { $0 + ["--json"] }, answers: answers.byRequest) { command in
            let piped = try await CommandRunner.run(command, environment: Self.environment)
            #expect(bodies.contains(piped.output), "\(command): \(piped.output.debugDescription)")
            let (_, output) = try await TerminalProcess.run(command, environment: Self.environment)
            #expect(Self.isHarmless(output), "\(command): \(output.debugDescription)")
            let document = JSONValue(Data(piped.output.utf8))
            let isShown = output.split(whereSeparator: \.isNewline).contains { JSONValue(Data($0.utf8)) == document }
            #expect(document != .missing && isShown, "\(command)")
        }
    }

    @Test("an argument or a file's name does not act on it")
    func arguments() async throws {
        for arguments in [["submit", "a\u{1B}[6n\u{202E}.csv"], ["jobs", "show", "\u{9B}6n"], ["\u{1B}[6n"]] {
            let outcome = try await CommandRunner.run(arguments)
            #expect(outcome.status > 0 && !outcome.error.isEmpty)
            #expect(Self.isHarmless(outcome.error), "\(outcome.error.debugDescription)")
        }
    }

    @Test("nothing but Terminal writes to the streams")
    func onlyTerminal() throws {
        for folder in ["usersync", "SyncClient", "TerminalUI"] {
            let root = Repository.root.appending(path: "Sources/\(folder)")
            for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) where path.hasSuffix(".swift") {
                let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
                for call in ["print(", "fputs(", "FileHandle.standard", "putchar(", "STDOUT_FILENO", "STDERR_FILENO"]
                where !path.hasSuffix("Terminal.swift") {
                    #expect(!text.contains(call), "\(path): \(call)")
                }
            }
        }
    }
}
