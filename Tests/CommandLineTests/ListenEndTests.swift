import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("The end of listen")
struct ListenEndTests {
    /// A `listen` on any port, with what it writes to standard error.
    private struct Listener {
        let folder: TemporaryDirectory
        let leash: ProcessLeash

        /// - Parameter command: what stands before the command.
        init(_ command: [String] = [], output: Any = FileHandle.nullDevice, options: [String] = []) throws {
            folder = try TemporaryDirectory()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = command + [try CommandRunner.binary.path, "listen", "--port", "0"] + options
            process.environment = CommandRunner.sanitized(["INTERNAL_API_KEY": FakeServer.key, "PATH": "/usr/bin:/bin"])
            process.currentDirectoryURL = folder.url
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.write("err", "")))
            leash = ProcessLeash(process)
            try process.run()
        }

        var process: Process { leash.process }

        /// Waits until it listens.
        func port() async throws -> Int {
            var port: Int?
            _ = await eventually {
                let text = try? String(contentsOfFile: folder.path + "/err", encoding: .utf8)
                port = text?.firstMatch(of: /127.0.0.1:([0-9]+),/).flatMap { Int($0.1) }
                return port != nil || !process.isRunning
            }
            return try #require(port)
        }
    }

    @Test("it ends with 0 once nobody reads its output, without a webhook that tells it", arguments: [[], ["--json"]])
    func closedOutput(options: [String]) async throws {
        let pipe = Pipe()
        let listener = try Listener(output: pipe, options: options)
        _ = try await listener.port()
        try pipe.fileHandleForReading.close()
        try #require(await eventually(60) { !listener.process.isRunning })
        #expect(listener.process.terminationReason == .exit && listener.process.terminationStatus == 0)
    }

    @Test("a webhook for which the output's disk has no room is not acknowledged, and it ends with 1")
    func fullOutput() async throws {
        let listener = try Listener(output: try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full")))
        let port = try await listener.port()
        #expect(try await ServerProcess.send("POST", port: port, "/hook", body: "{}").status == 503)
        try #require(await eventually(60) { !listener.process.isRunning })
        #expect(listener.process.terminationReason == .exit && listener.process.terminationStatus == 1)
        #expect(
            try String(contentsOfFile: listener.folder.path + "/err", encoding: .utf8)
                .hasSuffix("\nusersync: standard output cannot be written: No space left on device\n"))
    }

    @Test("a signal that is ignored from the start stays ignored, another ends it with the signal's status")
    func signals() async throws {
        let listener = try Listener(["sh", "-c", #"trap "" INT; exec "$0" "$@""#])
        _ = try await listener.port()
        kill(listener.process.processIdentifier, SIGINT)
        kill(listener.process.processIdentifier, SIGTERM)
        try #require(await eventually(60) { !listener.process.isRunning })
        #expect(listener.process.terminationReason == .exit && listener.process.terminationStatus == 143)
    }

    @Test(
        "SIGINT and SIGTERM end it as the first process of a container too", .enabled(if: hasContainers),
        arguments: [("INT", 130), ("TERM", 143)])
    func firstProcess(signal: String, status: Int32) async throws {
        // The shell becomes the command; what it leaves behind sends the signal.
        let script = #"""
            (until grep -q Listening err; do sleep 0.05; done; kill -$0 1) & exec "$@"
            """#
        let listener = try Listener([
            "unshare", "-p", "-f", "--kill-child", "env", "--default-signal", "sh", "-c", script, signal,
        ])
        try #require(await eventually(60) { !listener.process.isRunning })
        #expect(listener.process.terminationStatus == status)
    }

    /// Whether a process namespace can be made: Linux, as root.
    private static let hasContainers: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-p", "-f", "--kill-child", "env", "--default-signal", "true"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}
