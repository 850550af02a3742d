import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

/// What memory says of a lease follows the commit: until then the tables still have its batch open, and afterwards they do not.
@Suite("Ends of one lease beside each other in one commit")
struct LeaseEndRaceTests {
    private func withLease(_ body: (QueueFixture, SQLiteJobQueue, Job, LeasedBatch) async throws -> Void) async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 100)
            let batch = try await fixture.lease(queue, "a").at(0)
            try await body(fixture, try #require(queue as? SQLiteJobQueue), job, batch)
        }
    }

    private typealias Operation = @Sendable () async throws -> Void

    private func finish(_ batch: LeasedBatch, _ fixture: QueueFixture, _ queue: SQLiteJobQueue) -> Operation {
        { _ = try await queue.finish([batch.finished()], now: fixture.now) }
    }

    private func retry(_ batch: LeasedBatch, _ fixture: QueueFixture, _ queue: SQLiteJobQueue) -> Operation {
        { try await queue.retry(batch.lease, at: fixture.now.advanced(bySeconds: 9), error: "no", now: fixture.now) }
    }

    private func losing(_ operation: @escaping Operation) -> Operation {
        { await #expect(throws: QueueError.leaseLost) { try await operation() } }
    }

    /// Refused, so that all other operations of its commit are rolled back and carried out once more.
    private func refused(_ queue: SQLiteJobQueue) -> Operation {
        {
            await #expect(throws: QueueError.self) {
                try await queue.writer.write { _ in throw QueueError.refused("no") }
            }
        }
    }

    @Test(
        "whoever comes first ends the batch or counts one attempt; later ones are told that they lost their lease",
        arguments: [false, true], [false, true])
    func first(isFinish: Bool, isRunTwice: Bool) async throws {
        try await withLease { fixture, queue, job, batch in
            let (finish, retry) = (finish(batch, fixture, queue), retry(batch, fixture, queue))
            var operations = [isFinish ? finish : retry, losing(finish), losing(retry)]
            if isRunTwice { operations.append(refused(queue)) }
            try await queue.inOneCommit(operations)
            let present = try #require(try await queue.job(job.id))
            #expect(present.counts.created == (isFinish ? 100 : 0) && present.counts.settled == present.counts.created)
            #expect(present.attempts.map(\.attempt) == (isFinish ? [] : [1]))
            fixture.clock.advance(10)
            #expect(try await fixture.lease(queue, "a").map(\.attempts) == (isFinish ? [] : [1]))
        }
    }

    @Test("a batch given back while it is finished is nobody's until the commit")
    func releasedMeanwhile() async throws {
        try await withLease { fixture, queue, _, batch in
            try await queue.inOneCommit([
                finish(batch, fixture, queue),
                {
                    try await queue.writer.write { [now = fixture.now] _ in
                        queue.tenantQueue { $0.release([batch.lease]) }
                        #expect(queue.tenantQueue { $0.ready(now: now, limit: 1) }.isEmpty)
                    }
                },
            ])
            #expect(try await fixture.lease(queue, "a").isEmpty)
        }
    }

    @Test("a batch given back while its finish fails is free")
    func releasedBeforeRollback() async throws {
        try await withLease { fixture, queue, _, batch in
            let release: Operation = {
                try? await queue.writer.write { _ in
                    queue.tenantQueue { $0.release([batch.lease]) }
                    throw QueueError.refused("no")
                }
            }
            try await queue.inOneCommit([losing(finish(batch, fixture, queue)), release])
            #expect(try await fixture.lease(queue, "a").map(\.number) == [0])
        }
    }
}
