import Foundation
import GRDB
import JobQueue
import JobQueueSQLite
import ServerTestSupport
import SyncEngine
import SyncModel
import TestSupport
import Testing

@Suite("Faults: workers that come too late")
struct LateWorkerFaults {
    /// What is promised of a round's jobs.
    private struct Ended: Equatable {
        var job: Job
        var results: [UserResult]
        var deliveries: [String]
    }

    @Test("through cancels, spent tries and restarts they write nothing late, change no result, and every user is accounted for")
    func late() async throws {
        let seed = FaultScale.seed()
        print("seed of the late workers' test: \(seed)")
        var random = SeededGenerator(seed: seed)
        var report = FaultReport(fault: "workers overtaken by cancel, spent tries, restart")
        var cancelled = 0, spent = 0
        for round in 0..<FaultScale.pick(10, full: 400) {
            try await TestServer.inFolder { folder, _ in
                let ended = try await self.round(in: folder, impatience: [0.9, 0.1, 0.5][round % 3], &random, &report)
                cancelled += ended.reduce(0) { $0 + $1.job.counts.cancelled }
                spent += ended.reduce(0) { $0 + $1.job.failedCodes[FailureCode.retriesExhausted.word, default: 0] }
                try judge(ended, "round \(round)", in: folder, &report)
            }
        }
        print("users cancelled \(cancelled), with their tries spent \(spent)")
        #expect(cancelled > 0 && spent > 0, "the test meets what it is about")
        try report.publish()
    }

    @Test("tries spent by a process that died before its queue knew are failed users after the next start, not silent ones")
    func spentBeforeTheStop() async throws {
        try await TestServer.inFolder { folder, _ in
            let life = try await EngineLife.begin(in: folder, impatience: 1, random: SeededGenerator(seed: 1))
            // The last thing the process did: a tombstone in the directory.
            let small = NewJob.of("t1", users: 40), large = NewJob.of("t2", users: 120)
            for job in [small, large] { _ = try await life.directory.tombstone(job.id, batches: [0]) }
            await life.end()
            let next = try await EngineLife.begin(in: folder, impatience: 0, random: SeededGenerator(seed: 1))
            for job in [small, large] {
                _ = try await next.queue.accept(job, upload: nil, batches: NewBatch.of(job, name: "N"))
                let ended = try #require(await next.engine.ended(job.id, within: 30))
                let failed = min(job.totalUsers, NewBatch.size)
                #expect(ended.state == .completedWithErrors && ended.counts.failed == failed && ended.counts.cancelled == 0)
                #expect(ended.counts.created == job.totalUsers - failed)
                #expect(ended.failedCodes == ["retries_exhausted": failed])
                let logs = try rows("SELECT count(*) FROM sync_logs WHERE job_id = ?", [job.id.text], in: folder)
                #expect(logs[0][0] == 1)
            }
            await next.end()
        }
    }

    /// Jobs of two tenants that write the same users again and again, in steps of chance; with a cancel, and with a second life of
    /// the engine while the first one's calls are still under way.
    /// - Parameter impatience: the share of calls to the directory that are given up.
    private func round(in folder: URL, impatience: Double, _ random: inout SeededGenerator, _ report: inout FaultReport)
        async throws
        -> [Ended]
    {
        var lives = [try await EngineLife.begin(in: folder, impatience: impatience, random: SeededGenerator(seed: random.next()))]
        var jobs: [NewJob] = []
        for number in 0..<6 {
            let job = NewJob.of(number % 2 == 0 ? "t1" : "t2", users: Int.random(in: 1...250, using: &random))
            jobs.append(job)
            _ = try await lives[lives.count - 1].queue.accept(job, upload: nil, batches: NewBatch.of(job, name: "Job \(number)"))
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<20, using: &random)))
            if Int.random(in: 0..<3, using: &random) == 0, let one = jobs.randomElement(using: &random) {
                _ = try await lives[lives.count - 1].engine.cancel(one.id)
            }
            if Int.random(in: 0..<8, using: &random) == 0 {
                await lives[lives.count - 1].abandon()
                lives.append(
                    try await EngineLife.begin(in: folder, impatience: impatience, random: SeededGenerator(seed: random.next())))
            }
        }
        let last = lives[lives.count - 1]
        for job in jobs where await last.engine.ended(job.id, within: 60) == nil { report.lost += 1 }
        let before = try await look(at: jobs, in: last.queue)
        for life in lives { await life.directory.settle() }
        let after = try await look(at: jobs, in: last.queue)
        #expect(before == after, "results change after the end")
        report.tries += lives.reduce(0) { $0 + $1.directory.givenUp }
        for life in lives { await life.end() }
        return after
    }

    private func look(at jobs: [NewJob], in queue: SQLiteJobQueue) async throws -> [Ended] {
        var found: [Ended] = []
        for job in jobs {
            guard let now = try await queue.job(job.id) else { continue }
            found.append(
                Ended(
                    job: now, results: try await queue.results(of: job.id, status: nil, limit: 1000, cursor: nil).items,
                    deliveries: try await queue.deliveries(of: job.id).map(\.what.id)))
        }
        return found
    }

    /// Holds results, rows of the directory and counts to one another.
    private func judge(_ all: [Ended], _ round: String, in folder: URL, _ report: inout FaultReport) throws {
        var expected: [String: String] = [:]
        var created: Set<String> = []
        for (number, ended) in all.enumerated() {
            let (job, counts) = (ended.job, ended.job.counts)
            report.acknowledged += 1
            let addsUp =
                counts.settled == job.totalUsers && ended.results.count == job.totalUsers - counts.cancelled
                && (counts.cancelled == 0 || job.cancelRequested)
            let logs = try rows("SELECT count(*) FROM sync_logs WHERE job_id = ?", [job.id.text], in: folder)
            if job.state.isEnd, addsUp, logs[0][0] == 1 {
                report.applied += 1
            } else {
                Issue.record(
                    "\(round), job \(number): \(job.state), \(counts), \(ended.results.count) results, \(logs[0]) log rows")
                report.lost += 1
            }
            if ended.deliveries.count != 1 { report.webhooksMissing += 1 }
            for result in ended.results where result.applied.outcome != .failed {
                let user = "\(job.tenantID) \(result.userID ?? "")"
                if result.applied.outcome == .created, !created.insert(user).inserted { report.twice += 1 }
                expected[user] = "Job \(number)"
            }
        }
        var found: [String: String] = [:]
        for row in try rows("SELECT tenant_id || ' ' || wrapper_user_id, name FROM users", [], in: folder) {
            found[row[0]] = row[1]
        }
        let wrong = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }
        if let first = wrong.sorted().first {
            Issue.record(
                "\(round): \(wrong.count) rows, first \(first): \(found[first] ?? "none"), not \(expected[first] ?? "none")")
        }
        report.rowsWrong += wrong.count
    }

    private func rows(_ sql: String, _ arguments: StatementArguments, in folder: URL) throws -> [Row] {
        let database = try DatabaseQueue(path: folder.appending(path: "data/crm.sqlite").path)
        defer { try? database.close() }
        return try database.read { try Row.fetchAll($0, sql: sql, arguments: arguments) }
    }
}

extension NewJob {
    /// A sync of a tenant; all have the same `syncTime`, so that nothing is stale and only the ledger keeps late ones away.
    fileprivate static func of(_ tenant: String, users: Int) -> NewJob {
        let now = TestClock.running().now
        return NewJob(
            id: JobID(now: now), operation: .userSync, tenantID: TenantID(tenant), tenantName: tenant, source: "tests",
            syncTime: Timestamp(seconds: 1_750_000_000), acceptedAt: now, totalUsers: users, requestID: "r")
    }
}

extension NewBatch {
    fileprivate static let size = 50

    fileprivate static func of(_ job: NewJob, name: String) -> [NewBatch] {
        stride(from: 0, to: job.totalUsers, by: size).map { first in
            let last = min(first + size, job.totalUsers) - 1
            var writer = UserRecordWriter()
            for index in first...last {
                writer.begin(index: UInt32(index))
                writer.set(.id, text: "u\(index)")
                writer.set(.email, text: "u\(index)@\(job.tenantID).example")
                writer.set(.name, text: name)
                writer.end()
            }
            return NewBatch(payload: BatchPayload(writer), firstIndex: UInt32(first), lastIndex: UInt32(last))
        }
    }
}
