import Dispatch
import JobQueue
import JobQueueConformance
import SyncModel
import Testing

@testable import JobQueueSQLite

@Suite("A cancel beside what workers give back: no batch waits for a look that comes by itself")
struct CancelRaceTests {
    /// A job of three batches of which the first two are held.
    private static func withJob(
        _ body: (QueueFixture, SQLiteJobQueue, Job, [LeasedBatch]) async throws -> Void
    ) async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            let held = try await fixture.lease(queue, "a", 2)
            try #require(held.count == 2)
            _ = fixture.events.take()
            try await body(fixture, queue, job, held)
        }
    }

    @Test("a batch that is put off in the commit that cancels its job is told of", arguments: [false, true])
    func putOff(isCancelFirst: Bool) async throws {
        try await Self.withJob { fixture, queue, job, held in
            let now = fixture.now
            var operations: [@Sendable () async throws -> Void] = [
                { try await queue.retry(held[0].lease, at: now.advanced(bySeconds: 9), error: "no", now: now) },
                { _ = try await queue.requestCancel(job.id, now: now) },
            ]
            if isCancelFirst { operations.reverse() }
            try await queue.inOneCommit(operations)
            #expect(fixture.events.take().jobsWaiting > 0)
            guard case .requested(_, let unstarted) = try await queue.requestCancel(job.id, now: now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(unstarted == [0, 2])
        }
    }

    @Test("in the last pass the end of the batch that is held is told of", arguments: [false, true])
    func endsInLastPass(isCancelFirst: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            let now = fixture.now
            let job = try await fixture.accept(queue, "a", users: 300)
            let first = try await fixture.lease(queue, "a", 9)
            _ = try await queue.finish(first.map { $0.finished(deferring: Set(0..<250)) }, now: now)
            let held = try await fixture.lease(queue, "a", 1)
            _ = fixture.events.take()
            var operations: [@Sendable () async throws -> Void] = [
                { _ = try await queue.finish(held.map { $0.finished() }, now: now) },
                { _ = try await queue.requestCancel(job.id, now: now) },
            ]
            if isCancelFirst { operations.reverse() }
            try await queue.inOneCommit(operations)
            #expect(fixture.events.take().jobsWaiting > 0)
            guard case .requestedInLastPass = try await queue.requestCancel(job.id, now: now) else {
                Issue.record("expected .requestedInLastPass")
                return
            }
        }
    }

    @Test("a batch that is given back before the request stands is told of once it does")
    func givenBack() async throws {
        try await Self.withJob { fixture, queue, job, held in
            let now = fixture.now
            let hold = Hold()
            let together = Task {
                try await queue.inOneCommit([
                    { _ = try await queue.requestCancel(job.id, now: now) },
                    { try await queue.writer.write { _ in hold.wait() } },
                ])
            }
            await hold.reached()
            await queue.release([held[0].lease])
            // Whoever is told now looks too early.
            #expect(try await queue.cancelling(limit: 10).isEmpty)
            _ = fixture.events.take()
            hold.open()
            try await together.value
            #expect(fixture.events.take().jobsWaiting > 0)
            #expect(try await queue.cancelling(limit: 10) == [job.id])
        }
    }

    @Test("a look between a commit and what follows it in memory finds a batch that nobody holds")
    func between() async throws {
        try await Self.withJob { fixture, queue, job, held in
            let now = fixture.now
            _ = try await queue.requestCancel(job.id, now: now)
            let hold = Hold()
            let together = Task {
                try await queue.inOneCommit([
                    { try await queue.writer.write { context in context.afterCommit { hold.wait() } } },
                    { _ = try await queue.finish([held[0].finished()], now: now) },
                ])
            }
            await hold.reached()
            // The table says that the first has ended, memory that it is held.
            let found = try await queue.cancelling(limit: 10)
            hold.open()
            try await together.value
            #expect(found == [job.id])
        }
    }

    @Test("a job all of whose open batches are held is not in question")
    func allHeld() async throws {
        try await Self.withJob { fixture, queue, job, _ in
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            _ = try await queue.drop(job.id, batches: [2], now: fixture.now)
            #expect(try await queue.cancelling(limit: 10).isEmpty)
        }
    }
}

/// Holds the writer's thread in the middle of what it does.
private final class Hold: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let (isReached, reach) = AsyncStream<Void>.makeStream()

    func wait() {
        reach.finish()
        gate.wait()
    }

    func reached() async { for await _ in isReached {} }
    func open() { gate.signal() }
}
