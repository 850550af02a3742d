import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("demo --keep")
struct DemoEndTests {
    @Test("leaves nothing behind, whichever way it is ended", arguments: [SIGINT, SIGTERM, SIGHUP])
    func cleansUp(signal: Int32) async throws {
        let temporary = try TemporaryDirectory()
        let process = try TerminalProcess(
            ["demo", "--keep", "--users", "100"], environment: ["TMPDIR": temporary.path, "NO_COLOR": "1"])
        #expect(await eventually { process.output.contains("The server stays until") && process.output.contains("sqlite3 ") })
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).count == 1)
        process.signal(signal)
        #expect(await process.end() == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    }
}

@Suite("check on its temporary server")
struct CheckEndTests {
    @Test("leaves nothing behind, whichever way it is ended", arguments: [SIGINT, SIGTERM, SIGHUP])
    func cleansUp(signal: Int32) async throws {
        let temporary = try TemporaryDirectory()
        let process = try TerminalProcess(
            ["check", "--offline"],
            environment: ["TMPDIR": temporary.path, "NO_COLOR": "1", "INTERNAL_API_KEY": TestServer.key])
        // Its last line, if it was faster than this look.
        #expect(
            try await eventually {
                try !FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty || process.output.contains("ready")
            })
        process.signal(signal)
        #expect(await process.end() != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    }
}
