import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Standard output that takes nothing", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
struct OutputTests {
    private static let environment = ["INTERNAL_API_KEY": FakeServer.key, "MIN_FREE_DISK_BYTES": "0"]
    private static let message = "usersync: standard output cannot be written: "

    /// Every command that writes to standard output, in each of its modes; `FILE` is one of users.
    private static let local: [[String]] = [
        ["--help"], ["help"], ["serve", "--help"], ["--version"], ["--generate-completion-script", "bash"],
        ["--experimental-dump-help"], ["keygen"], ["keygen", "--json"], ["keygen", "--webhook"],
        ["keygen", "--webhook", "--json"], ["check", "--offline"], ["check", "--offline", "--json"], ["demo", "--users", "100"],
    ]
    private static let remote: [[String]] = [
        ["status"], ["status", "--json"], ["jobs"], ["jobs", "list", "--json"], ["jobs", "show", FakeServer.job],
        ["jobs", "show", FakeServer.job, "--failed"], ["jobs", "show", FakeServer.job, "--failed", "--json"],
        ["jobs", "show", FakeServer.job, "--follow", "--json"], ["jobs", "retry", FakeServer.job, "--json"],
        ["jobs", "retry", FakeServer.job, "--follow", "--json"], ["jobs", "cancel", FakeServer.job, "--json"], ["deliveries"],
        ["deliveries", "list", "--json"], ["deliveries", "redeliver", "msg_1", "--json"],
        ["deliveries", "redeliver", "--dead", "--json"], ["deliveries", "test", "--json"],
        ["tenants", "alias"], ["tenants", "alias", "list", "--json"], ["tenants", "alias", "set", "org_1", "acme", "--json"],
        ["tenants", "alias", "forget", "org_1", "--json"], ["tenants", "alias", "merge", "org_1", "acme"],
        ["tenants", "alias", "merge", "org_1", "acme", "--json"],
        ["tenants", "alias", "merge", "org_1", "acme", "--yes", "--json"], ["tenants", "merges"],
        ["tenants", "merges", "list", "--json"], ["tenants", "merges", "cancel", "7", "--json"],
        ["submit", "FILE", "--tenant", "acme", "--json"], ["submit", "FILE", "--tenant", "acme", "--follow", "--json"],
    ]
    private static let watching: [[String]] = [["status", "--watch"], ["status", "--watch", "--json"]]

    /// Runs each with a server to talk to.
    private func forEach(_ commands: [[String]], _ body: @escaping @Sendable ([String]) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("users.csv", "email,name\na@x.example,A\n")
        try await FakeServer(answers: Answers(text: "\"t\"").byRequest).serve { url in
            for command in commands {
                let command = command.map { $0 == "FILE" ? file : $0 }
                try await body(Self.local.contains(command) ? command : command + ["--server", url])
            }
        }
        withExtendedLifetime(folder) {}
    }

    @Test("the lists above have every command; listen has tests of its own")
    func areAll() {
        let all = Self.local + Self.remote + Self.watching
        for command in CommandLineTests.commands where command != ["listen"] {
            #expect(all.contains { $0.starts(with: command) }, "\(command)")
        }
    }

    @Test("a full disk ends every command with 1 and a sentence", arguments: [local, remote, watching])
    func full(commands: [[String]]) async throws {
        try await forEach(commands) { command in
            let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
            let outcome = try await CommandRunner.run(command, environment: Self.environment, outputHandle: full)
            #expect(outcome.status == 1, "\(command): \(outcome.error)")
            #expect(outcome.error.hasSuffix(Self.message + "No space left on device\n"), "\(command): \(outcome.error)")
        }
    }

    @Test("a reader that has gone changes neither the status nor what is on standard error", arguments: [local, remote])
    func unread(commands: [[String]]) async throws {
        try await forEach(commands) { command in
            let usual = try await CommandRunner.run(command, environment: Self.environment)
            let outcome = try await CommandRunner.run(
                command, environment: Self.environment, outputHandle: try Self.unreadPipe())
            #expect(outcome.status == usual.status, "\(command): \(outcome.error)")
            #expect(!usual.output.isEmpty && !outcome.error.contains("standard output"), "\(command): \(outcome.error)")
        }
    }

    @Test("a reader that has gone ends what watches, with 0")
    func unreadWatch() async throws {
        try await forEach(Self.watching) { command in
            let outcome = try await CommandRunner.run(
                command, environment: Self.environment, outputHandle: try Self.unreadPipe())
            #expect(outcome.status == 0 && outcome.error.isEmpty, "\(command): \(outcome.error)")
        }
    }

    @Test("demo --keep ends once nobody reads its output any more, and leaves nothing behind")
    func unreadDemo() async throws {
        let temporary = try TemporaryDirectory()
        let outcome = try await CommandRunner.run(
            ["demo", "--keep", "--users", "100"], environment: ["TMPDIR": temporary.path], outputHandle: try Self.unreadPipe())
        #expect(outcome.status == 0 && !outcome.error.contains("usersync:"), "\(outcome.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    }

    @Test("a stream that is closed from the start is an error too, and no connection takes its place")
    func closed() async throws {
        try await forEach([["keygen"], ["status"], ["status", "--watch"]]) { command in
            let folder = try TemporaryDirectory()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", #"exec "$@" >&-"#, "sh", try CommandRunner.binary.path] + command
            process.environment = CommandRunner.sanitized(Self.environment)
            process.currentDirectoryURL = folder.url
            process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.write("err", "")))
            try process.run()
            let leash = ProcessLeash(process)
            #expect(await eventually { !leash.process.isRunning })
            let error = try String(contentsOfFile: folder.path + "/err", encoding: .utf8)
            #expect(process.terminationStatus == 1 && error.hasSuffix(Self.message + "Bad file descriptor\n"), "\(error)")
        }
    }

    /// The writing end of a pipe without a reader.
    private static func unreadPipe() throws -> FileHandle {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        return pipe.fileHandleForWriting
    }
}
