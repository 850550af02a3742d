import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Retries of a batch")
struct RetryTests {
    @Test("a batch in backoff holds its tenant back until it is due, and nobody else", arguments: QueueDriver.all)
    func holdsBack(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 200)
            try await fixture.accept(queue, "a", users: 1)
            try await fixture.accept(queue, "b", users: 1)
            let turn = try await fixture.lease(queue, "a")
            let due = fixture.now.advanced(bySeconds: 30)
            try await queue.retry(turn.at(0).lease, at: due, error: "deadlock", now: fixture.now)
            #expect(try await queue.nextRetry() == due)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["b"])
            #expect(try await fixture.lease(queue, "a").isEmpty)
            fixture.clock.advance(30)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["b", "a"])
            #expect(try await queue.nextRetry() == nil)
            let again = try await fixture.lease(queue, "a")
            #expect(again.map(\.number) == [0])
            #expect(again.map(\.attempts) == [1])
        }
    }

    @Test(
        "a tenant of which several jobs are put off waits for the last of them, whichever was put off first, also after a kill",
        arguments: QueueDriver.all, [[20.0, 10], [10, 20]])
    func severalJobs(_ driver: QueueDriver, delays: [Double]) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for _ in delays { jobs.append(try await fixture.accept(queue, "a", users: 1)) }
            let turn = try await fixture.lease(queue, "a", smallJobs: 2)
            #expect(turn.map(\.jobID) == jobs.map(\.id))
            let start = fixture.now
            for (batch, delay) in zip(turn, delays) {
                try await queue.retry(batch.lease, at: start.advanced(bySeconds: delay), error: "\(delay)", now: start)
            }
            let reborn = try await driver.killed(fixture)
            for queue in [queue, reborn] {
                #expect(try await queue.nextRetry() == start.advanced(bySeconds: 20))
                #expect(try await queue.statistics(now: start).retrying.map(\.lastError) == ["10.0", "20.0"])
            }
            fixture.clock.advance(10)
            for queue in [queue, reborn] {
                #expect(try await queue.readyTenants(now: fixture.now, limit: 9).isEmpty)
                #expect(try await fixture.lease(queue, "a").isEmpty)
            }
            fixture.clock.advance(10)
            for queue in [queue, reborn] {
                #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["a"])
                #expect(try await fixture.lease(queue, "a", smallJobs: 2).map(\.jobID) == [jobs[0].id])
                #expect(try await queue.nextRetry() == nil)
            }
            await reborn.close()
        }
    }

    @Test("the backoff of a job that is cancelled ends, that of another job stays", arguments: QueueDriver.all, [0, 1])
    func cancelledBackoff(_ driver: QueueDriver, cancelled: Int) async throws {
        try await driver.withQueue { fixture, queue in
            let jobs = [try await fixture.accept(queue, "a", users: 1), try await fixture.accept(queue, "a", users: 1)]
            let turn = try await fixture.lease(queue, "a", smallJobs: 2)
            let due = [fixture.now.advanced(bySeconds: 10), fixture.now.advanced(bySeconds: 20)]
            for (batch, due) in zip(turn, due) { try await queue.retry(batch.lease, at: due, error: "", now: fixture.now) }
            _ = try await queue.requestCancel(jobs[cancelled].id, now: fixture.now)
            #expect(try await queue.nextRetry() == due[1 - cancelled])
            #expect(try await fixture.lease(queue, "a").isEmpty)
        }
    }

    @Test("a due batch can be leased without asking who is ready", arguments: QueueDriver.all)
    func dueLease(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a")
            try await queue.retry(turn.at(0).lease, at: fixture.now.advanced(bySeconds: 1), error: "busy", now: fixture.now)
            fixture.clock.advance(1)
            #expect(try await fixture.lease(queue, "a").count == 1)
        }
    }

    @Test("backoff and tries survive a kill", arguments: QueueDriver.all)
    func survives(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a")
            let due = fixture.now.advanced(bySeconds: 30)
            try await queue.retry(turn.at(0).lease, at: due, error: "deadlock", now: fixture.now)
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.nextRetry() == due)
            #expect(try await fixture.lease(reborn, "a").isEmpty)
            let retrying = try await reborn.statistics(now: fixture.now).retrying
            #expect(
                retrying == [
                    RetryingBatch(
                        jobID: job.id, tenantID: "a", batch: 0, attempts: 1, nextAttemptAt: due, lastError: "deadlock")
                ])
            fixture.clock.advance(30)
            #expect(try await fixture.lease(reborn, "a").map(\.attempts) == [1])
            await reborn.close()
        }
    }

    @Test("a job shows its last 20 failed tries, newest first", arguments: QueueDriver.all)
    func attempts(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 1)
            for i in 1...22 {
                let turn = try await fixture.lease(queue, "a")
                try await queue.retry(turn.at(0).lease, at: fixture.now, error: "error \(i)", now: fixture.now)
            }
            let attempts = try #require(try await queue.job(job.id)).attempts
            #expect(attempts.count == 20)
            #expect(attempts.first == BatchAttempt(batch: 0, attempt: 22, at: fixture.now, error: "error 22"))
            #expect(attempts.last?.attempt == 3)
        }
    }

    @Test("a batch that was retried and finished holds nobody back", arguments: QueueDriver.all)
    func recovers(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 200)
            let turn = try await fixture.lease(queue, "a")
            try await queue.retry(turn.at(0).lease, at: fixture.now.advanced(bySeconds: 5), error: "busy", now: fixture.now)
            fixture.clock.advance(5)
            try await fixture.work(queue, "a")
            #expect(try await queue.job(job.id)?.state == .completed)
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.nextRetry() == nil)
            await reborn.close()
        }
    }
}
