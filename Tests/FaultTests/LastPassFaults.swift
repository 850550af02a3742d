import Foundation
import GRDB
import JobQueue
import JobQueueSQLite
import Logging
import ServerTestSupport
import ServiceLifecycle
import SyncEngine
import SyncModel
import TestSupport
import Testing
import UserDirectory
import UserDirectorySQLite

import UsersyncApp

@Suite("Faults: a job's passes are broken off")
struct LastPassFaults {
    /// How far a job is, as its directory tells.
    private enum Phase: CaseIterable {
        case first, last
    }

    /// Where a job is when its cancel comes.
    enum CancelMoment: CaseIterable, Sendable {
        case afterFirstPass, beforeLastPass
        /// A batch of it stands; it has settled users of others.
        case inLastPass

        func isReached(_ batches: [BatchWork], _ applied: [BatchApplied]) -> Bool {
            switch self {
            case .afterFirstPass: applied.contains { $0.number == 4 }
            case .beforeLastPass: batches.contains(where: \.isLastPass)
            case .inLastPass: !applied.isEmpty && batches.contains(where: \.isLastPass)
            }
        }
    }

    @Test("killed in its first pass and in its last, it ends as if nothing had been")
    func killed() async throws {
        let seed = FaultScale.seed()
        print("seed of the passes' test: \(seed)")
        var random = SeededGenerator(seed: seed)
        var report = FaultReport(fault: "kill -9 in the first and in the last pass of a job")
        let exchange = Exchange(groups: FaultScale.pick(400, full: 4_000))
        for round in 0..<FaultScale.pick(2, full: 20) {
            try await TestServer.inFolder { folder, receiver in
                // Other tenants' users keep the commits small, so that there is something between two of them.
                var server = try await ServerProcess.start(folder: folder, receiver: receiver)
                _ = try await ended(
                    try await submit(Exchange.body(exchange.before, tenant: "t1", withRights: true), server), server)
                let job = try await submit(
                    Exchange.body(exchange.sent.shuffled(using: &random), tenant: "t1", withRights: false), server)
                report.acknowledged += 1
                for phase in Phase.allCases.dropFirst(round % 3 == 2 ? 1 : 0) {
                    try await waitFor(phase, of: job, batches: (exchange.sent.count + 99) / 100, in: folder, server)
                    await server.crash()
                    report.tries += 1
                    server = try await ServerProcess.start(folder: folder, receiver: receiver)
                }
                let metadata = try await ended(job, server).metadata
                let counts = (created: metadata.created.int, updated: metadata.updated.int, failed: metadata.failed.int)
                if counts == (exchange.created, exchange.updated, 0) {
                    report.applied += 1
                } else {
                    Issue.record("round \(round): \(counts), not \(exchange.created) and \(exchange.updated)")
                }
                let found = try exchange.stored(in: folder)
                let wrong = found.symmetricDifference(exchange.sent)
                #expect(wrong.isEmpty, "round \(round): \(wrong.prefix(3))")
                report.rowsWrong += wrong.count
                #expect(await server.terminate(within: 25) == 0)
            }
        }
        try report.publish()
    }

    private func submit(_ body: String, _ server: ServerProcess) async throws -> String {
        let answer = try await ServerProcess.send(
            "POST", port: server.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": "t1"], body: body)
        #expect(answer.status == 202)
        return try #require(answer.json.jobId.string)
    }

    private func ended(_ job: String, _ server: ServerProcess) async throws -> JSONValue {
        var shown = JSONValue.null
        _ = try await eventually(FaultScale.pick(120, full: 1200)) {
            shown = try await server.get("/api/internal/sync/jobs/\(job)").json
            return shown.endedAt.string != nil
        }
        #expect(shown.status.string == "completed", "\(shown.status)")
        return shown
    }

    /// Returns once batches of the pass are applied; some of it may be through by the time the caller acts.
    private func waitFor(_ phase: Phase, of job: String, batches: Int, in folder: URL, _ server: ServerProcess) async throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: folder.appending(path: "data/crm.sqlite").path, configuration: configuration)
        defer { try? database.close() }
        let isThere = try await eventually(120) {
            let done = try await database.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM usersync_ledger WHERE job_id = ?", arguments: [job]) ?? 0
            }
            if phase == .first ? done > 0 : done > batches { return true }
            // What the ledger had of a job that is through is forgotten some time.
            return try await server.get("/api/internal/sync/jobs/\(job)").json.endedAt.string != nil
        }
        #expect(isThere, "\(phase)")
    }

    @Test(
        "cancelled, each row is as its result says, who waited is untouched, and the next job finds nothing of it",
        .timeLimit(.minutes(5)), arguments: CancelMoment.allCases)
    func cancelled(moment: CancelMoment) async throws {
        try await TestServer.inFolder { folder, _ in
            let exchange = Exchange(groups: 60)
            // All of a kind after the other: whom a user waits for is in another batch.
            let sent = (0..<5).flatMap { kind in stride(from: kind, to: exchange.sent.count, by: 5).map { exchange.sent[$0] } }
            let clock = TestClock.running().wallClock
            let path = folder.appending(path: "data/crm.sqlite").path
            let directory = PausingDirectory(
                SQLiteUserDirectory(path: path, emailScope: .global, clock: clock), moment == .beforeLastPass ? .before : .after,
                isHeld: moment.isReached)
            let life = try await Life(in: folder, directory, clock)
            let first = try await life.run(exchange.batches(exchange.before, of: 60, withRights: true), at: 1)
            #expect(first.state == .completed)

            let job = try await life.accept(exchange.batches(sent, of: 60, withRights: false), at: 2)
            await directory.untilHeld()
            guard case .requested = try await life.engine.cancel(job.id) else {
                Issue.record("it had ended")
                return
            }
            directory.release()
            let ended = try #require(await life.engine.ended(job.id, within: 60))
            #expect(ended.state == .cancelled && ended.counts.failed == 0 && ended.counts.cancelled > 0)
            #expect(ended.counts.successful + ended.counts.cancelled == sent.count)

            let found = try exchange.stored(in: folder)
            let applied = Set(
                try await life.queue.results(of: job.id, status: nil, limit: 1000, cursor: nil).items.map {
                    Int($0.applied.index)
                })
            #expect(applied.count == ended.counts.successful)
            let before = Set(exchange.before)
            for (index, user) in sent.enumerated() where !before.contains(user) {
                #expect(found.contains(user) == applied.contains(index), "\(user)")
            }
            if moment == .afterFirstPass { #expect(ended.counts.updated == exchange.groups) }
            // Beside those of its first pass more than the one batch of 100.
            if moment == .inLastPass { #expect(applied.count > exchange.groups + 100, "nobody was settled ahead") }

            let last = try await life.run(exchange.batches(sent, of: 60, withRights: false), at: 3)
            #expect(last.state == .completed)
            #expect(try exchange.stored(in: folder) == Set(exchange.sent))
            try await directory.forget([first.id, job.id, last.id])
            let left = try await DatabaseQueue(path: path).read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM usersync_waiting")
            }
            #expect(left == 0)
            await life.end()
        }
    }

    /// An engine on a directory of the test's own.
    private struct Life {
        let queue: SQLiteJobQueue
        let engine: Engine
        private let group: ServiceGroup
        private let running: Task<Void, any Error>
        private let clock: WallClock

        init(in folder: URL, _ directory: PausingDirectory, _ clock: WallClock) async throws {
            self.clock = clock
            queue = try await SQLiteJobQueue.open(
                path: folder.appending(path: "data/queue.sqlite").path, clock: clock)
            try await directory.prepare()
            let logger = Logger(label: "life") { _ in SwiftLogNoOpLogHandler() }
            engine = Engine(
                queue: queue, directory: directory,
                configuration: EngineConfiguration(
                    workers: 2, webhookURL: nil, publicURL: nil, batchesPerCommit: 1, sweepInterval: 0.1),
                logger: logger, draining: { false })
            let group = ServiceGroup(
                services: [engine], logger: logger)
            self.group = group
            // Unstructured: it outlives this call; `end` waits for it.
            running = Task { try await group.run() }
        }

        func accept(_ batches: [NewBatch], at seconds: Double) async throws -> Job {
            let job = NewJob(
                id: JobID(now: clock.now()), operation: .userSync, tenantID: "t1", tenantName: "t1", source: "tests",
                syncTime: Timestamp(seconds: 1_750_000_000 + seconds), acceptedAt: clock.now(),
                totalUsers: batches.reduce(0) { $0 + $1.payload.count }, requestID: "r")
            return try await queue.accept(job, upload: nil, batches: batches)
        }

        func run(_ batches: [NewBatch], at seconds: Double) async throws -> Job {
            let job = try await accept(batches, at: seconds)
            return try #require(await engine.ended(job.id, within: 60))
        }

        func end() async {
            await group.triggerGracefulShutdown()
            _ = await running.result
            await queue.close()
        }
    }
}
