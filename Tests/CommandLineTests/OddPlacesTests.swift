import Foundation
import ServerTestSupport
import TestSupport
import Testing

/// Settings that name a folder, a pipe or a device where a file has to be.
@Suite("Odd places for files")
struct OddPlacesTests {
    private static let others = ["folder", "pipe", "/dev/null"]

    private let place: TemporaryDirectory

    init() throws {
        place = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: place.path + "/folder", withIntermediateDirectories: false)
        #expect(mkfifo(place.path + "/pipe", 0o600) == 0)
    }

    private func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(place.path)/\(name)" }

    /// Makes a file of another program, which has a write-ahead log and is closed.
    private func makeCRM() throws {
        let other = try OtherProcess(path: path("crm"))
        try other.execute("PRAGMA journal_mode = WAL; CREATE TABLE users (id INTEGER PRIMARY KEY)")
        try other.close()
    }

    /// Runs a command with these settings until it ends.
    private func run(_ command: [String], _ values: [String: String]) async throws -> (status: Int32?, output: String) {
        let base = [
            "INTERNAL_API_KEY": TestServer.key, "PORT": "0", "MIN_FREE_DISK_BYTES": "0", "DATA_DIR": path("data"),
            "NO_COLOR": "1",
        ]
        return try await TerminalProcess.run(command, environment: base.merging(values) { $1 })
    }

    @Test("serve ends with 78 where a database can be no file", arguments: ["DATABASE_URL", "QUEUE_URL"], others)
    func serve(setting: String, name: String) async throws {
        let (status, output) = try await run(["serve"], [setting: "sqlite:\(path(name))"])
        #expect(status == 78, "\(output)")
        #expect(output.contains(setting))
    }

    @Test("check calls them a failure, and ends", arguments: others)
    func check(name: String) async throws {
        let (status, output) = try await run(["check", "--offline"], ["DATABASE_URL": "sqlite:\(path(name))"])
        #expect(status == 1 && output.contains("✘ \(path(name)) cannot be read: it is a folder, a pipe or a device"), "\(output)")
    }

    @Test("check calls a queue's file that serve would refuse a failure, and leaves it as it is", arguments: others + ["crm"])
    func checkQueue(name: String) async throws {
        if name == "crm" { try makeCRM() }
        let before = try FileManager.default.contentsOfDirectory(atPath: place.path)
        let (status, output) = try await run(["check", "--offline"], ["QUEUE_URL": "sqlite:\(path(name))"])
        #expect(status == 1 && output.contains("✘ \(path(name)) cannot be used: it is "), "\(output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == before)
    }

    @Test("check leaves the CRM's file as it is, and nothing beside it")
    func checkDatabase() async throws {
        try makeCRM()
        let before = try FileManager.default.contentsOfDirectory(atPath: place.path)
        let (status, output) = try await run(["check", "--offline"], ["DATABASE_URL": "sqlite:\(path("crm"))"])
        #expect(status == 1 && output.contains("✘ \(path("crm")) has tables that lack columns of the guide"), "\(output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == before)
    }

    @Test("check calls a DATA_DIR that is not a folder a failure")
    func checkDataFolder() async throws {
        let file = try place.write("file", "")
        let (status, output) = try await run(["check", "--offline"], ["DATA_DIR": file])
        #expect(status == 1 && output.contains("✘ DATA_DIR: \(file) is not a folder"), "\(output)")
    }
}
