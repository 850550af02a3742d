import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Output that is read late", .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/task")))
struct SlowReaderTests {
    @Test("a full pipe that another process has made non-blocking is waited for, without work, and gets everything")
    func nonBlocking() async throws {
        let answer = #"{"jobs":{},"directory":{"state":"ok"},"later":"\#(String(repeating: "x", count: 200_000))"}"#
        let server = FakeServer(answers: ["GET /api/internal/sync/status": (200, answer)])
        try await server.serve { url in
            let pipe = Pipe()
            let (reader, writer) = (pipe.fileHandleForReading, pipe.fileHandleForWriting.fileDescriptor)
            #expect(fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) | O_NONBLOCK) == 0)
            let folder = try TemporaryDirectory()
            let process = Process()
            process.executableURL = try CommandRunner.binary
            process.arguments = ["status", "--json", "--server", url]
            process.environment = CommandRunner.sanitized(["INTERNAL_API_KEY": FakeServer.key])
            process.currentDirectoryURL = folder.url
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = pipe
            let leash = ProcessLeash(process)
            try process.run()
            #expect(
                await eventually(60) {
                    var waiting: Int32 = 0
                    return ioctl(reader.fileDescriptor, UInt(FIONREAD), &waiting) == 0
                        && waiting > 0
                })
            // One that tries again and again is never asleep.
            #expect(await eventually(60) { Self.isAsleep(process.processIdentifier) })
            let output = try reader.readToEnd() ?? Data()
            #expect(await eventually(60) { !leash.process.isRunning } && process.terminationStatus == 0)
            #expect(output == Data((answer + "\n").utf8))
        }
    }

    /// Whether all threads of a process sleep.
    private static func isAsleep(_ processID: Int32) -> Bool {
        let folder = "/proc/\(processID)/task"
        guard let threads = try? FileManager.default.contentsOfDirectory(atPath: folder), !threads.isEmpty else { return false }
        return threads.allSatisfy { thread in
            // The state follows the name, which is in parentheses.
            guard let line = try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8) else { return false }
            return line.split(separator: ")").last?.hasPrefix(" S") == true
        }
    }
}
