import SQLiteSupport
import JobQueue
import SyncModel
import TestSupport
import Testing
import UserDirectory

@testable import JobQueueSQLite
@testable import SyncEngine

@Suite("The engine between queue and directory")
struct EngineTests {
    @Test("a state that was lost is found by the sweep: the job ends, an error is logged")
    func lostTenant() async throws {
        var id: JobID?
        try await EngineBench.run(
            sweepInterval: 0.2,
            queued: { queue in
                id = try await EngineBench.accept(queue, "a", users: 1)
                queue.tenantQueue { $0.setWork("a", false) }
            }
        ) { bench in
            let id = try #require(id)
            let ended = await bench.engine.ended(id, within: 60)
            #expect(ended?.state == .completed)
            #expect(await bench.logs("error queue repaired"))
            #expect(bench.queue.repairs == 1)
        }
    }

    @Test("a batch is tried as often as the policy allows, and no more")
    func tries() async throws {
        let directory = ScriptedDirectory { _ in .transient("deadlock") }
        try await EngineBench.run(retry: RetryPolicy(maxAttempts: 3, base: 0.001, cap: 0.002), directory: directory) { bench in
            let id = try await bench.accept("a", users: 1)
            let job = try #require(await bench.engine.ended(id, within: 60))
            #expect(job.failedCodes == ["retries_exhausted": 1] && job.attempts.count == 2)
            #expect(directory.calls == Array(repeating: [.init(jobID: id, number: 0)], count: 3))
        }
    }

    @Test("a retry that is due sooner than the next sweep is not kept waiting for it")
    func dueRetry() async throws {
        // The sweep that follows by itself is an hour away.
        let directory = ScriptedDirectory { $0.count == 1 ? .transient("deadlock") : nil }
        try await EngineBench.run(
            retry: RetryPolicy(maxAttempts: 9, base: 0.2, cap: 0.2), sweepInterval: 3600, directory: directory
        ) { bench in
            let id = try await bench.accept("a", users: 1)
            #expect(await bench.engine.ended(id, within: 60)?.state == .completed)
        }
    }

    @Test("after the first of three small jobs was put off, the tenant's others wait for it")
    func laterJobsWait() async throws {
        let ids = Shared<[JobID]>([])
        let directory = ScriptedDirectory { calls in
            // The first of them fails, in the company of the others and alone, until it has been tried three times.
            let first = ids.value.first
            let last = calls[calls.count - 1]
            return last.contains { $0.jobID == first } && calls.count { $0.contains { $0.jobID == first } } <= 3
                ? .transient("deadlock") : nil
        }
        try await EngineBench.run(
            retry: RetryPolicy(maxAttempts: 9, base: 0.05, cap: 0.05), directory: directory,
            queued: { queue in
                for _ in 0..<3 { ids.value.append(try await EngineBench.accept(queue, "a", users: 1)) }
            }
        ) { bench in
            for id in ids.value { #expect(await bench.engine.ended(id, within: 60)?.state == .completed) }
            #expect(directory.calls.first?.count == 3, "they were tried together")
            #expect(directory.effects.map(\.jobID) == ids.value)
        }
    }

    @Test("once the directory is away while batches are tried one by one, the rest are given back, and no attempt is counted")
    func awayWithinGroup() async throws {
        let ids = Shared<[JobID]>([])
        let directory = ScriptedDirectory { calls in
            switch calls.count {
            case 1: .transient("deadlock")
            case 2: .unavailable("away")
            default: nil
            }
        }
        try await EngineBench.run(
            workers: 1, directory: directory,
            queued: { queue in
                for tenantID in ["a", "b", "c", "d"] as [TenantID] {
                    ids.value.append(try await EngineBench.accept(queue, tenantID, users: 1))
                }
            }
        ) { bench in
            for id in ids.value {
                let job = await bench.engine.ended(id, within: 60)
                #expect(job?.state == .completed && job?.attempts == [])
            }
            // After the outage one tenant is tried by itself.
            #expect(directory.calls.map(\.count) == [4, 1, 1, 3])
        }
    }

    @Test("once the directory is away while cancels are carried out, the rest of them wait")
    func awayWithinCancels() async throws {
        let ids = Shared<[JobID]>([])
        let directory = ScriptedDirectory(isAwayUntilProbed: true)
        try await EngineBench.run(
            sweepInterval: 0.2, directory: directory,
            queued: { queue in
                for tenantID in ["a", "b", "c"] as [TenantID] {
                    let id = try await EngineBench.accept(queue, tenantID, users: 1)
                    _ = try await queue.requestCancel(id, now: Timestamp(seconds: 1_700_000_000))
                    ids.value.append(id)
                }
            }
        ) { bench in
            for id in ids.value { #expect(await bench.engine.ended(id, within: 60)?.state == .cancelled) }
            #expect(directory.refusedTombstones == 1)
        }
    }

    @Test("users applied in an earlier life of the process are not counted as cancelled by one that does not know of them")
    func cancelInTheNextLife() async throws {
        let directory = ScriptedDirectory()
        var id: JobID?
        try await EngineBench.run(
            directory: directory,
            queued: { queue in
                let job = try await EngineBench.accept(queue, "a", users: 300)
                id = job
                // What the life before did last: a batch stands in the directory, and the queue was not told.
                let turn = try await queue.lease(LeaseRequest(of: "a", batches: 1), now: Timestamp(seconds: 0))
                _ = try await directory.apply(turn.map { BatchWork($0) }, closeEarly: { false })
                await queue.release(turn.map(\.lease))
                guard case .requested = try await queue.requestCancel(job, now: Timestamp(seconds: 0)) else {
                    Issue.record("expected .requested")
                    return
                }
            }
        ) { bench in
            let id = try #require(id)
            let job = try #require(await bench.engine.ended(id, within: 60))
            #expect(job.counts.created == 100 && job.counts.cancelled == 200)
            let results = try await bench.queue.results(of: job.id, status: nil, limit: 1000, cursor: nil)
            #expect(results.items.count == 100)
        }
    }

    @Test("one batch that the queue refuses to end costs the others nothing, and is tried again later")
    func leaseLost() async throws {
        let released = Shared(false)
        let bench = Shared<SQLiteJobQueue?>(nil)
        // While the first commit of three tenants' jobs goes on, one of the leases is lost.
        let directory = ScriptedDirectory { calls in
            guard calls.count == 1, !released.value, let queue = bench.value else { return nil }
            released.value = true
            queue.tenantQueue { tenants in
                if let lease = tenants["b"]?.held.keys.first { tenants.end([lease]) }
            }
            return nil
        }
        var ids: [JobID] = []
        try await EngineBench.run(
            workers: 1, directory: directory,
            queued: { queue in
                bench.value = queue
                for tenant in ["a", "b", "c"] as [TenantID] { ids.append(try await EngineBench.accept(queue, tenant, users: 1)) }
            }
        ) { bench in
            for id in ids { try #require(await bench.engine.ended(id, within: 60)?.state == .completed) }
            #expect(released.value && bench.log.lines.contains("notice lease lost, nothing changed"))
            #expect(Set(directory.effects.map(\.jobID)) == Set(ids) && directory.effects.count == 3)
        }
    }

    @Test("results that the queue refuses are asked of the ledger again, and the jobs beside them end")
    func refused() async throws {
        var ids: [JobID] = []
        try await EngineBench.run(
            workers: 1, retry: RetryPolicy(maxAttempts: 9, base: 0.01, cap: 0.05),
            queued: { queue in
                for tenant in ["a", "b", "c"] as [TenantID] { ids.append(try await EngineBench.accept(queue, tenant, users: 1)) }
                // A row stands where the results of the second job belong.
                try await queue.writer.alone { db in
                    try db.sql("INSERT INTO results SELECT id, x'' FROM batches ORDER BY id LIMIT 1 OFFSET 1").run()
                }
            }
        ) { bench in
            for id in [ids[0], ids[2]] { #expect(await bench.engine.ended(id, within: 60)?.state == .completed) }
            while try await bench.queue.job(ids[1])?.attempts.isEmpty != false { await Task.yield() }
            try await bench.queue.writer.alone { db in try db.sql("DELETE FROM results WHERE length(results) = 0").run() }
            #expect(await bench.engine.ended(ids[1], within: 60)?.state == .completed)
            #expect(await bench.logs("error results refused by the queue"))
        }
    }

    @Test("more tenants than one commit serves had work before the engine ran: none waits for the next sweep")
    func manyTenants() async throws {
        var ids: [JobID] = []
        try await EngineBench.run(
            sweepInterval: 3600,
            queued: { queue in
                for number in 0..<70 { ids.append(try await EngineBench.accept(queue, TenantID("t\(number)"), users: 1)) }
            }
        ) { bench in
            for id in ids { #expect(await bench.engine.ended(id, within: 60)?.state == .completed) }
        }
    }

    @Test("more jobs that wait for their end than one sweep takes all end with the next ones, at once")
    func manyEndable() async throws {
        var ids: [JobID] = []
        try await EngineBench.run(
            sweepInterval: 3600,
            queued: { queue in
                ids = try await withThrowingTaskGroup(of: JobID.self) { group in
                    for number in 0..<1100 { group.addTask { try await EngineBench.accept(queue, "t\(number)", users: 0) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
        ) { bench in
            for id in ids { try #require(await bench.engine.ended(id, within: 60)?.state == .completed) }
        }
    }

    @Test("many jobs without users end, however many sweeps they ask for")
    func emptyJobs() async throws {
        try await EngineBench.run(sweepInterval: 3600) { bench in
            var ids: [JobID] = []
            for number in 0..<60 { ids.append(try await bench.accept("t\(number % 3)", users: 0)) }
            for id in ids { try #require(await bench.engine.ended(id, within: 60)?.state == .completed) }
        }
    }

    @Test("an answer of the directory about another batch is told and counts as a try; nobody's results become another's")
    func answerOfAnother() async throws {
        let directory = ScriptedDirectory(answering: { calls, outcomes in
            calls.count == 1 ? outcomes.map { BatchApplied(jobID: $0.jobID, number: 7, users: []) } : outcomes
        })
        try await EngineBench.run(
            retry: RetryPolicy(maxAttempts: 9, base: 0.001, cap: 0.002), directory: directory, impossible: [.batch]
        ) { bench in
            let id = try await bench.accept("a", users: 2)
            let job = try #require(await bench.engine.ended(id, within: 60))
            #expect(job.state == .completed && job.counts.created == 2 && job.attempts.count == 1)
            #expect(await bench.logs("error impossible transition", times: 1))
        }
    }
}
