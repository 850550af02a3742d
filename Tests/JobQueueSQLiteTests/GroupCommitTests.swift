import Dispatch
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Group commit of the SQLite driver")
struct GroupCommitTests {
    /// Holds the writer until all of `operations` wait for it, then calls `gathered` and lets it go.
    private func together<T: Sendable>(
        _ queue: SQLiteJobQueue, _ operations: [@Sendable () async throws -> T],
        gathered: ([Task<T, any Error>]) -> Void = { _ in }
    ) async throws -> [Result<T, any Error>] {
        let (started, start) = AsyncStream<Void>.makeStream()
        let gate = DispatchSemaphore(value: 0)
        async let blocked: Void = queue.writer.alone { _ in
            start.finish()
            gate.wait()
        }
        for await _ in started {}
        let tasks = operations.map { operation in Task { try await operation() } }
        while queue.writer.waiting < operations.count { await Task.yield() }
        gathered(tasks)
        gate.signal()
        try await blocked
        return await tasks.asyncMap { await $0.result }
    }

    @Test("operations that wait together share one commit, and all are there")
    func shared() async throws {
        try await withSQLiteQueue { fixture, queue in
            let before = queue.writer.commits
            let accepted = try await together(queue, (0..<8).map { i in { try await fixture.accept(queue, "t\(i)", users: 1) } })
            #expect(accepted.filter(\.isSuccess).count == 8)
            #expect(queue.writer.commits == before + 1)
            #expect(try await queue.statistics(now: fixture.now).jobs[.queued] == 8)
        }
    }

    @Test("an operation that fails is rolled back alone, in rows, figures and tenants")
    func failsAlone() async throws {
        try await withSQLiteQueue { fixture, queue in
            let outcomes = try await together(
                queue,
                (0..<8).map { i in
                    {
                        let job = fixture.newJob("t\(i)", users: i == 3 ? 2 : 1)
                        return try await queue.accept(job, upload: nil, batches: batches(1))
                    }
                })
            #expect(outcomes.map(\.isSuccess) == (0..<8).map { $0 != 3 })
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 7)
            #expect(
                Set(try await queue.readyTenants(now: fixture.now, limit: 9)) == Set((0..<8).filter { $0 != 3 }.map { "t\($0)" }))
            #expect(try await queue.audit() == [])
        }
    }

    @Test("a caller that is cancelled takes nobody with it, and what it handed in is carried out")
    func cancelled() async throws {
        try await withSQLiteQueue { fixture, queue in
            let outcomes = try await together(
                queue, (0..<8).map { i in { try await fixture.accept(queue, "t\(i)", users: 1) } },
                gathered: { tasks in for task in tasks { task.cancel() } })
            #expect(outcomes.filter(\.isSuccess).count == 8, "each hears its outcome")
            #expect(try await queue.allJobs(limit: 50).count == 8)
        }
    }

    @Test("when the disk is full all hear it, nothing is changed, and no more is admitted until a write works again")
    func full() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 100)
            try await queue.setMaxPages(1)
            let refused = try await together(
                queue, (0..<8).map { i in { try await fixture.accept(queue, "t\(i)", users: 3000) } })
            for outcome in refused {
                #expect(throws: QueueError.self) { try outcome.get() }
            }
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["a"])
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 100)
            guard case .refused = queue.admission() else {
                Issue.record("expected a refusal")
                return
            }
            fixture.clock.advance(1)
            #expect(queue.admission() == .open, "one try a second")
            #expect(queue.admission() != .open)
            try await queue.setMaxPages(1_000_000)
            try await fixture.accept(queue, "b", users: 1)
            #expect(queue.admission() == .open)
            #expect(try await queue.allJobs().map(\.tenantID) == ["b", "a"])
            #expect(try await queue.job(job.id)?.state == .queued)
            #expect(try await queue.audit() == [])
        }
    }

    @Test("a lease whose commit fails is no lease: its batch can be leased again")
    func leaseRolledBack() async throws {
        try await withSQLiteQueue { fixture, queue in
            // The first lease of a job of several batches is written down; that of a single one takes no commit.
            try await fixture.accept(queue, "a", users: 200)
            // A commit hook that says no turns the commit into a rollback.
            try await queue.refuseCommits(true)
            await #expect(throws: QueueError.self) { _ = try await fixture.lease(queue, "a", 2) }
            try await queue.refuseCommits(false)
            #expect(try await queue.statistics(now: fixture.now).jobs[.queued] == 1)
            let turn = try await fixture.lease(queue, "a", 2)
            #expect(turn.count == 2)
            try await queue.refuseCommits(true)
            await #expect(throws: QueueError.self) { _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now) }
            try await queue.refuseCommits(false)
            #expect(try await queue.finish(turn.map { $0.finished() }, now: fixture.now).count == 1, "the lease is held still")
            #expect(try await queue.audit() == [])
        }
    }

    @Test("after close every write is refused as unavailable")
    func closed() async throws {
        try await withSQLiteQueue { fixture, queue in
            await queue.close()
            await #expect(throws: QueueError.self) { try await fixture.accept(queue, "a", users: 1) }
            await #expect(throws: QueueError.self) { _ = try await queue.job(JobID(now: fixture.now)) }
            await queue.close()
        }
    }
}

extension Result {
    var isSuccess: Bool { if case .success = self { true } else { false } }
}
