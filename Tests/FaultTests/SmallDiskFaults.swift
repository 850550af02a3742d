import Foundation
import ServerTestSupport
import TestSupport
import Testing

@testable import usersync

@Suite(
    "Faults: more users than the disk has room for",
    .enabled(if: getuid() == 0, "only root may mount a file system"))
struct SmallDiskFaults {
    /// What is sent to a small disk. Sizes are in MiB.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var disk: Int
        var limit: Int
        var uploads: Int
        /// Of an upload.
        var users: Int
        /// Characters of a name.
        var name: Int
    }

    private static let cases = [
        Case(
            testDescription: "one of minimal users, whose rows take five times its bytes", disk: 80, limit: 30, uploads: 1,
            users: 220_000, name: 1),
        Case(testDescription: "two at once, with a small limit", disk: 80, limit: 5, uploads: 2, users: 65_000, name: 200),
    ]

    @Test(
        "an upload that does not fit is refused in time: nothing acknowledged stands still, and the disk does not run full",
        arguments: cases)
    func uploads(_ it: Case) async throws {
        try await onSmallDisk(it.disk, limit: it.limit) { server, data in
            let answers = try await withThrowingTaskGroup(of: TestServer.Answer.self) { group in
                for number in 0..<it.uploads {
                    group.addTask { try await upload(it.users, name: it.name, tenant: "t\(number)", to: server) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.contains { $0.status == 503 }, "\(answers.map(\.status))")
            #expect(answers.allSatisfy { $0.status == 503 || $0.status == 202 })
            for answer in answers where answer.status == 202 { try await expectEnd(answer, at: server, within: 120) }
            #expect(!server.log.contains("database or disk is full") && !server.log.contains("directory unavailable"))
        }
    }

    @Test("a disk that others fill while users are applied: said once, acknowledged users wait, and go on once there is room")
    func filledByOthers() async throws {
        try await onSmallDisk(160, limit: 4) { server, data in
            let accepted = try await upload(40_000, name: 200, tenant: "t1", to: server)
            #expect(accepted.status == 202)
            let filler = data.appending(path: "filler")
            try fill(filler)
            #expect(await eventually(60) { server.log.contains("directory unavailable") })
            try await Task.sleep(for: .seconds(8))
            #expect(server.log.split(separator: "\n").count { $0.contains("directory unavailable") } <= 2)
            // Less than it was: the limit is not there yet.
            try cut(filler, by: 6 << 20)
            try await Task.sleep(for: .seconds(6))
            let lines = server.log.split(separator: "\n").count { $0.contains("\"error\"") }
            #expect(lines < 12, "\(server.log.suffix(4000))")
            try FileManager.default.removeItem(at: filler)
            try await expectEnd(accepted, at: server, within: 60)
            #expect(try await eventually(20) { try await server.get("/readyz").status == 200 })
        }
    }

    // MARK: The disk

    private func onSmallDisk(_ size: Int, limit: Int, _ body: (ServerProcess, URL) async throws -> Void) async throws {
        try await TestServer.inFolder { folder, receiver in
            let data = folder.appending(path: "data")
            try run("mount", "-t", "tmpfs", "-o", "size=\(size)m", "tmpfs", data.path)
            defer { try? run("umount", "-l", data.path) }
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver, settings: ["MIN_FREE_DISK_BYTES": "\(limit << 20)", "LOG_LEVEL": "info"])
            try await body(server, data)
            #expect(await server.terminate(within: 25) == 0)
        }
    }

    private func upload(_ users: Int, name: Int, tenant: String, to server: ServerProcess) async throws -> TestServer.Answer {
        let filling = String(repeating: "x", count: name)
        let list = (0..<users).map { #"{"id":"u\#($0)","email":"u\#($0)@\#(tenant).io","name":"\#(filling)"}"# }
        let body =
            #"{"operation":"user_sync","tenant":{"id":"\#(tenant)","name":"t"},"users":[\#(list.joined(separator: ","))]}"#
        do {
            return try await ServerProcess.send(
                "POST", port: server.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": tenant], body: body, seconds: 240)
        } catch let cut as ServerProcess.CutAnswer {
            // What a refused body goes on sending is discarded for two seconds, and then cut.
            return TestServer.Answer(status: cut.status, headers: [], body: Data())
        }
    }

    private func expectEnd(_ answer: TestServer.Answer, at server: ServerProcess, within seconds: Double) async throws {
        let path = try #require(answer.json.statusUrl.string)
        let isDone = try await eventually(seconds) { try await server.get(path).json.status.string == "completed" }
        #expect(isDone, "what was acknowledged does not end: \(server.log.suffix(2000))")
    }

    /// Writes until there is no room.
    private func fill(_ file: URL) throws {
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw CommandFailure("the filler cannot be made") }
        defer { close(descriptor) }
        for size in [1 << 16, 1 << 12] {
            let bytes = [UInt8](repeating: 0x55, count: size)
            while write(descriptor, bytes, size) == size {}
        }
    }

    private func cut(_ file: URL, by bytes: Int) throws {
        let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        guard truncate(file.path, off_t(max(0, size - bytes))) == 0 else { throw CommandFailure("the filler cannot be cut") }
    }

    private func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CommandFailure("\(command.joined(separator: " ")) failed") }
    }
}
