import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("status --watch")
struct StatusWatchTests {
    private static let environment = ["INTERNAL_API_KEY": FakeServer.key]
    /// As many tenants as a server shows, each at work.
    private static let answer: String = {
        let tenants = (0..<20).map {
            #"{"tenantId":"tenant-\#($0)","openJobs":1,"pendingUsers":7,"currentJobId":"0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a\#(10 + $0)"}"#
        }
        return
            #"{"jobs":{"running":20},"pendingUsers":140,"tenants":[\#(tenants.joined(separator: ","))],"directory":{"state":"ok"}}"#
    }()
    private static let server = FakeServer(answers: ["GET /api/internal/sync/status": (200, answer)])

    /// The rows of the screen that was drawn last, once it is drawn to its end.
    private func screen(_ process: TerminalProcess) -> [Substring] {
        let frames = process.output.components(separatedBy: "\u{1B}[H").filter { $0.contains("\u{1B}[J") }
        return (frames.last ?? "").split(separator: "\r\n")
    }

    @Test("keeps its verdict in sight on 80 x 24 with 20 tenants, and shows more once the window grows")
    func fits() async throws {
        try await Self.server.serve { url in
            let process = try TerminalProcess(
                ["status", "--watch", "--interval", "3600", "--server", url], environment: Self.environment)
            #expect(await eventually { !screen(process).isEmpty })
            let small = screen(process)
            #expect(small.count <= 24 && small.first?.contains("all is well") == true)
            #expect(small.contains { $0.contains("more lines") } && !small.contains { $0.contains("tenant-19") })
            // The whole of an id, on a line of its own width.
            #expect(small.contains { $0.contains("tenant-0") && $0.contains("0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a10") })
            process.resize(columns: 100, rows: 60)
            #expect(await eventually { screen(process).contains { $0.contains("tenant-19") } })
            #expect(!screen(process).contains { $0.contains("more lines") })
            process.signal(SIGTERM)
            _ = await process.end()
        }
    }

    @Test("ends when nobody reads its output any more", arguments: [[], ["--json"]])
    func closedOutput(options: [String]) async throws {
        try await Self.server.serve { url in
            let folder = try TemporaryDirectory()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c", #"(binary=$1; shift; "$binary" "$@"; echo "status $?" >&2) | head -n 1"#, "sh",
                try CommandRunner.binary.path, "status", "--watch", "--interval", "0.2", "--server", url,
            ]
            process.arguments? += options
            process.environment = CommandRunner.sanitized(Self.environment)
            process.currentDirectoryURL = folder.url
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.write("err", "")))
            try process.run()
            let leash = ProcessLeash(process)
            #expect(await eventually { !leash.process.isRunning })
            #expect(try String(contentsOfFile: folder.path + "/err", encoding: .utf8) == "status 0\n")
        }
    }
}
