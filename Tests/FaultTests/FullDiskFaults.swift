import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

@testable import usersync

@Suite("Faults: the disk is full, read-only, or fails")
struct FullDiskFaults {
    private static let tenants = ["t1", "t2", "t3"]

    @Test(
        "while the disk refuses writes callers get a 503 that says when to come again; then all goes on by itself",
        arguments: [
            (FaultDisk.Refusal.noSpace, "disk full (ENOSPC on every write)"), (.readOnly, "file system read-only (EROFS)"),
            (.inputOutputError, "input/output error on writes and syncs"),
        ])
    func refusals(_ refusal: FaultDisk.Refusal, _ fault: String) async throws {
        let seed = FaultScale.seed()
        print("seed of \(fault): \(seed)")
        var report = FaultReport(fault: fault)
        try await TestServer.inFolder { folder, receiver in
            let disk = try FaultDisk(folder: folder)
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver, settings: try disk.environment())
            let load = MixedLoad(port: server.port, tenants: Self.tenants, seed: seed, cutsUploads: true)
            async let running = load.run()
            let refusals = FaultScale.pick(3, full: 20)
            for _ in 0..<refusals {
                let (acknowledged, refused) = (load.acknowledged, load.unavailable.all)
                _ = await eventually(20) { load.acknowledged > acknowledged + 3 }
                try disk.refuse(refusal)
                #expect(await eventually(20) { load.unavailable.all > refused }, "nobody is told")
                let isNotReady = try await eventually(20) { try await server.get("/readyz").status == 503 }
                #expect(isNotReady && server.isRunning)
                try disk.refuse(.none)
                let before = load.acknowledged
                #expect(await eventually(30) { load.acknowledged > before }, "it does not go on")
                let isReady = try await eventually(20) { try await server.get("/readyz").status == 200 }
                #expect(isReady)
                report.tried(of: refusals)
            }
            load.stop()
            let outcomes = try await running
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(outcomes, to: &report)
            #expect(load.unavailable.withoutRetryAfter == 0)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test(
        "a real file system that runs full: nothing half, no crash, and it goes on once there is room",
        .enabled(if: getuid() == 0, "only root may mount a file system"))
    func fullFileSystem() async throws {
        let seed = FaultScale.seed()
        var report = FaultReport(fault: "file system full (tmpfs)")
        try await TestServer.inFolder { folder, receiver in
            let data = folder.appending(path: "data")
            // In MB: room for what the load writes in all.
            let size = FaultScale.pick(24, full: 128)
            try run("mount", "-t", "tmpfs", "-o", "size=\(size)m", "tmpfs", data.path)
            defer { try? run("umount", "-l", data.path) }
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver, settings: ["MIN_FREE_DISK_BYTES": "0"])
            let load = MixedLoad(port: server.port, tenants: Self.tenants, seed: seed)
            async let running = load.run()
            let filler = data.appending(path: "filler")
            let fillings = FaultScale.pick(2, full: 10)
            for _ in 0..<fillings {
                let (acknowledged, refused) = (load.acknowledged, load.unavailable.all)
                _ = await eventually(20) { load.acknowledged > acknowledged + 3 }
                try fill(filler)
                #expect(await eventually(30) { load.unavailable.all > refused }, "nobody is told")
                #expect(server.isRunning)
                try FileManager.default.removeItem(at: filler)
                let before = load.acknowledged
                #expect(await eventually(30) { load.acknowledged > before }, "it does not go on")
                report.tried(of: fillings)
            }
            load.stop()
            let outcomes = try await running
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(outcomes, to: &report)
            #expect(load.unavailable.withoutRetryAfter == 0)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test(
        "uploads at once on a small disk: refused before it is full; what was acknowledged ends, leftovers go, a full disk does not keep it from starting",
        .enabled(if: getuid() == 0, "only root may mount a file system"), arguments: [true, false])
    func uploadsOnSmallDisk(isAnnounced: Bool) async throws {
        try await TestServer.inFolder { folder, receiver in
            let data = folder.appending(path: "data")
            // In MiB, and the users of an upload: some 300 bytes each.
            let (size, limit, users) = FaultScale.pick((130, 30, 65_000), full: (260, 60, 130_000))
            try run("mount", "-t", "tmpfs", "-o", "size=\(size)m", "tmpfs", data.path)
            defer { try? run("umount", "-l", data.path) }
            let settings = ["MIN_FREE_DISK_BYTES": "\(limit << 20)", "LOG_LEVEL": "info"]
            let server = try await ServerProcess.start(folder: folder, receiver: receiver, settings: settings)
            let filling = String(repeating: "x", count: 200)
            func upload(_ number: Int) async throws -> TestServer.Answer {
                let body = Bodies.sync(
                    (0..<users).map { Bodies.user("u\($0)", "u\($0)@t\(number).example", name: filling) }, tenant: "t\(number)")
                do {
                    return try await ServerProcess.send(
                        "POST", port: server.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": "t\(number)"], body: body,
                        isChunked: !isAnnounced, seconds: 240)
                } catch let cut as ServerProcess.CutAnswer {
                    // What a refused body goes on sending is discarded for two seconds, and then cut.
                    return TestServer.Answer(status: cut.status, headers: [("Retry-After", "cut")], body: Data())
                }
            }
            let answers = try await withThrowingTaskGroup(of: TestServer.Answer.self) { group in
                for number in 0..<4 { group.addTask { try await upload(number) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            var accepted = answers.filter { $0.status == 202 }
            #expect(answers.contains { $0.status == 503 }, "\(answers.map(\.status))")
            #expect(answers.allSatisfy { $0.status == 202 || $0.header("retry-after") != nil })
            // Of bodies whose length nobody knows all may have got half way. One alone has room, then as before.
            #expect(!accepted.isEmpty || !isAnnounced)
            if accepted.isEmpty { accepted = [try await upload(0)] }
            #expect(accepted.allSatisfy { $0.status == 202 })
            for answer in accepted {
                let path = try #require(answer.json.statusUrl.string)
                let isDone = try await eventually(240) { try await server.get(path).json.status.string == "completed" }
                #expect(isDone, "what was acknowledged does not end")
            }
            // What bodies of unknown length left in the queue's file before they were refused may be there still while the accepted one
            // is applied: the directory, on the same disk, then waits for it to go.
            let full = server.log.split(separator: "\n").filter { $0.contains("database or disk is full") }
            #expect(full.allSatisfy { !isAnnounced && $0.contains("directory unavailable") }, "the limit was no limit")
            // What could not go from the full disk at once goes with the next cleaning.
            #expect(try await eventually { try await leftovers(of: data) == 0 })

            // Full to the last byte, reserve and all; the process dies on it and is started again.
            let filler = data.appending(path: "filler")
            try fill(filler)
            let isRefused = try await eventually(30) {
                try await ServerProcess.send(
                    "POST", port: server.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": "t9"],
                    body: Bodies.sync([Bodies.user("u", "u@x.io")], tenant: "t9")
                ).status == 503
            }
            #expect(isRefused)
            await server.crash()
            try fill(filler)
            let again = try await ServerProcess.start(folder: folder, receiver: receiver, settings: settings)
            #expect(try await again.get("/livez").status == 200)
            for answer in accepted {
                let path = try #require(answer.json.statusUrl.string)
                #expect(try await again.get(path).json.status.string == "completed")
            }
            try FileManager.default.removeItem(at: filler)
            let isTaken = try await eventually(30) {
                try await ServerProcess.send(
                    "POST", port: again.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": "t9"],
                    body: Bodies.sync([Bodies.user("u", "u@x.io")], tenant: "t9")
                ).status == 202
            }
            #expect(isTaken, "it does not go on once there is room")
            #expect(try await eventually(20) { try await again.get("/readyz").status == 200 })
            let lines = again.log.split(separator: "\n").filter {
                $0.contains("cannot be written") || $0.contains("takes no more")
            }
            #expect(lines.count < 12, "\(lines.joined(separator: "\n"))")
            #expect(await again.terminate(within: 25) == 0)
        }
    }

    /// Rows of the queue that no job names.
    private func leftovers(of data: URL) async throws -> Int {
        let other = try DatabaseQueue(path: data.appending(path: "queue.sqlite").path)
        defer { try? other.close() }
        return try await other.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM leftovers") ?? -1 }
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

    private func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CommandFailure("\(command.joined(separator: " ")) failed") }
    }
}
