import ServerTestSupport
import TestSupport
import Testing

@Suite("A serve that cannot start")
struct FailedServeTests {
    private func serve(_ values: [String: String]) async throws -> CommandRunner.Outcome {
        let folder = try TemporaryDirectory()
        let usual = [
            "INTERNAL_API_KEY": FakeServer.key, "PORT": "0", "MIN_FREE_DISK_BYTES": "0", "DATA_DIR": folder.path + "/data",
        ]
        return try await CommandRunner.run(["serve"], environment: usual.merging(values) { $1 })
    }

    @Test(
        "says why in one line about where it should listen, and nothing of what it took back",
        arguments: [
            ("203.0.113.1", "HOST and PORT: the server cannot listen there: Cannot assign requested address"),
            ("nosuch.invalid", "HOST: the name cannot be looked up"),
        ])
    func listening(host: String, reason: String) async throws {
        for _ in 0..<3 {
            let outcome = try await serve(["HOST": host, "LOG_FORMAT": "text"])
            #expect(outcome.status == 1 && outcome.error.contains(reason), "\(outcome.error)")
            for word in ["CancellationError", "sweep failed", "NIOCore", " error "] {
                #expect(!outcome.error.contains(word), "\(outcome.error)")
            }
        }
    }

    @Test("ends with 78 where a path is a shell's, and makes no folder", arguments: ["~root/x", "$HOME/x", "# here"])
    func path(value: String) async throws {
        let outcome = try await serve(["DATA_DIR": value])
        #expect(outcome.status == 78 && outcome.error.contains("DATA_DIR: the path begins with "), "\(outcome.error)")
    }
}
