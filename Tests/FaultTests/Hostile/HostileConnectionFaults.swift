import Foundation
import GRDB
import Logging
import NIOCore
import ServerTestSupport
import SyncServer
import TestSupport
import Testing

@Suite("Faults: callers who hold on to connections")
struct HostileConnectionFaults {
    @Test("a head and a body that come a byte at a time are cut off, and others are served meanwhile")
    func slow() async throws {
        var report = FaultReport(fault: "heads and bodies a byte at a time")
        try await TestServer.run { server in
            var dependencies = server.dependencies()
            // In full as they are; else as short as makes no difference.
            if !FaultScale.isFull {
                (dependencies.limits.headTime, dependencies.limits.progressTime) = (.seconds(6), .seconds(6))
            }
            let patience = FaultScale.pick(80.0, full: 200)
            let beside = try await Beside.start(dependencies)
            let good = GoodCaller(port: beside.port, receiver: server.receiver, database: server.databasePath)
            let head = RawCaller.head("Content-Length: 1000000")
            let slow = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<FaultScale.pick(20, full: 100) {
                    let start = ["", head + "{", "GET /livez HTTP/1.1\r\nX: "][number % 3]
                    group.addTask {
                        let caller = try await RawCaller.connect(port: beside.port)
                        await caller.send(start)
                        let isCut = await eventually(patience) {
                            // Blanks are good JSON, so that it is their pace that is wrong.
                            await caller.send(start.isEmpty ? "G" : start.hasSuffix("{") ? " " : "a")
                            try? await Task.sleep(for: .milliseconds(80))
                            return caller.isClosed
                        }
                        await caller.close()
                        return isCut
                    }
                }
                for _ in 0..<5 { try await good.submit(&report) }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            report.tries = slow.count
            #expect(slow.allSatisfy { $0 }, "\(slow.count { !$0 }) were never cut off")
            try await good.submit(&report)
            try await beside.stop()
            #expect(try await isSwept(server.queuePath))
        }
        try report.publish()
    }

    @Test("a thousand idle connections hold nobody up, and go without a trace")
    func idle() async throws {
        var report = FaultReport(fault: "idle connections")
        let count = FaultScale.pick(1000, full: raiseLimit() > 11_000 ? 10_000 : 3000)
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver, openFiles: FaultScale.isFull ? raiseLimit() : nil)
            let good = GoodCaller(server, receiver, folder)
            try await good.submit(&report)
            let before = server.openFiles
            var idle: [RawCaller] = []
            for number in 0..<count {
                let caller = try await RawCaller.connect(port: server.port)
                if number % 2 == 0 { await caller.send("POST /api/internal/sync/users HTTP/1.1\r\nHost") }
                idle.append(caller)
                report.tries += 1
            }
            #expect(await eventually { server.openFiles >= before + count / 2 })
            for _ in 0..<10 { try await good.submit(&report) }
            await withDiscardingTaskGroup { group in for caller in idle { group.addTask { await caller.close() } } }
            // Some connections of good callers are kept open for their next request.
            #expect(await eventually { server.openFiles <= before + 16 }, "\(server.openFiles) files, \(before) before")
            try await good.submit(&report)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("more connections than the process may have files: the oldest idle ones go, and everybody is served meanwhile")
    func moreThanFiles() async throws {
        var report = FaultReport(fault: "more connections than files")
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver, openFiles: 128)
            let good = GoodCaller(server, receiver, folder)
            try await good.submit(&report)
            for _ in 0..<FaultScale.pick(2, full: 10) {
                var idle: [RawCaller] = []
                for _ in 0..<300 {
                    idle.append(try await RawCaller.connect(port: server.port))
                    report.tries += 1
                }
                try await good.submit(&report)
                let (answers, _) = try await RawCaller.answers(port: server.port, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(answers.first?.status == 200)
                #expect(await eventually { idle.prefix(200).allSatisfy(\.isClosed) })
                #expect(server.openFiles <= 128)
                for caller in idle { await caller.close() }
                try await good.submit(&report)
                #expect(server.isRunning)
            }
            #expect(server.log.contains("as many connections as there may be"))
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("bodies that stop half-way leave nothing: no rows in the queue, no files, no memory")
    func halfBodies() async throws {
        var report = FaultReport(fault: "bodies that stop half-way")
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let good = GoodCaller(server, receiver, folder)
            // More than is held in memory, so that batches are in the queue when it stops.
            let body = Array(Bodies.sync(Bodies.users(60_000), tenant: "hostile").utf8)
            let queue = folder.appending(path: "data/queue.sqlite").path
            func barrage(_ count: Int) async throws {
                for number in 0..<count {
                    let caller = try await RawCaller.connect(port: server.port)
                    await caller.send(RawCaller.head("Content-Length: \(body.count)", "Idempotency-Key: half"))
                    await caller.send(body.prefix(body.count * (number % 10 + 1) / 11))
                    await caller.close()
                    report.tries += 1
                    if number % 10 == 0 { try await good.submit(&report) }
                }
                #expect(try await isSwept(queue))
            }
            try await good.submit(&report)
            let files = server.openFiles
            try await barrage(FaultScale.pick(20, full: 60))
            let memory = server.memory
            try await barrage(FaultScale.pick(30, full: 140))
            #expect(await eventually { server.openFiles <= files + 16 }, "\(server.openFiles) files, \(files) before")
            #expect(await eventually { server.memory < memory + 96 << 20 }, "\(memory >> 20) MiB grew to \(server.memory >> 20)")
            // The key is free: nothing was accepted under it.
            let whole = Data(Bodies.sync([], tenant: "hostile").utf8)
            let isFree = try await eventually {
                try await HostileCall.post(port: server.port, headers: ["Idempotency-Key": "half"], whole).status == 202
            }
            #expect(isFree)
            try await good.submit(&report)
            #expect(await server.terminate(within: 25) == 0)
            // What a caller does is no error of the server's.
            #expect(!server.log.contains(#""level":"error""#))
        }
        try report.publish()
    }

    /// Whether no upload has left anything in the queue's file.
    private func isSwept(_ path: String) async throws -> Bool {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }
        return try await eventually {
            try await database.read { db in
                // What belongs to jobs may stand: their batch keys.
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT (SELECT count(*) FROM leftovers)
                          + (SELECT count(*) FROM batches WHERE id >> 20 NOT IN (SELECT batch_key FROM jobs))
                          + (SELECT count(*) FROM payloads WHERE id >> 20 NOT IN (SELECT batch_key FROM jobs))
                          + (SELECT count(*) FROM deferred WHERE batch_key NOT IN (SELECT batch_key FROM jobs))
                        """) == 0
            }
        }
    }

    /// Lets this process open as many files as it may.
    private func raiseLimit() -> Int {
        var limit = rlimit()
        let kind = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        guard getrlimit(kind, &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(kind, &limit)
        return Int(clamping: limit.rlim_cur)
    }
}
