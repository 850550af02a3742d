import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("The sequence of a tenant's ends")
struct SequenceTests {
    @Test(
        "each end takes the tenant's next number, from 1, in one commit with its webhook, however the job ends",
        arguments: QueueDriver.all)
    func numbers(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for (number, tenant) in (["a", "b", "a", "a"] as [TenantID]).enumerated() {
                let job = try await fixture.accept(queue, tenant, users: 1)
                let expected = Int64(number == 0 || number == 1 ? 1 : number)
                let asked = Shared<[Int64?]>([])
                let turn = try await fixture.lease(queue, tenant)
                let finished = try await queue.finish(turn.map { $0.finished() }, now: fixture.now) { job in
                    asked.value.append(job.sequence)
                    return JobEnding(jobID: job.id, state: .completed, delivery: nil)
                }
                #expect(asked.value == [expected], "the webhook is written with it")
                #expect(finished.ended.map(\.sequence) == [expected])
                #expect(try await queue.job(job.id)?.sequence == expected)
            }
            let cancelled = try await fixture.accept(queue, "a", users: 1)
            #expect(cancelled.sequence == nil)
            _ = try await queue.requestCancel(cancelled.id, now: fixture.now)
            let dropped = try #require(try await queue.drop(cancelled.id, batches: [0], now: fixture.now))
            #expect(dropped.sequence == nil, "it has not ended")
            let ended = try await queue.end(cancelled.id, now: fixture.now) { job in
                JobEnding(
                    jobID: job.id, state: job.sequence == 4 && job.endedAt == fixture.now ? .cancelled : .failed, delivery: nil)
            }
            #expect(ended?.sequence == 4 && ended?.state == .cancelled)
            #expect(try await queue.allJobs().filter { $0.tenantID == "a" }.map(\.sequence) == [4, 3, 2, 1])
        }
    }

    @Test("a number is never given twice: not after a kill, nor when the jobs are pruned", arguments: QueueDriver.all)
    func durable(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for _ in 0..<3 { try await fixture.accept(queue, "a", users: 1) }
            try await fixture.work(queue, "a")
            try await queue.ledgerForgotten(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 9))
            fixture.clock.advance(60)
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 9) == 3)
            let reborn = try await driver.killed(fixture)
            let job = try await fixture.accept(reborn, "a", users: 1)
            try await fixture.work(reborn, "a")
            #expect(try await reborn.job(job.id)?.sequence == 4)
            await reborn.close()
        }
    }

    @Test(
        "a job that took effect before another ends before it, which waits and is told when its turn has come",
        arguments: QueueDriver.all)
    func order(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await fixture.accept(queue, "a", users: 150)
            let second = try await fixture.accept(queue, "a", users: 1)
            let other = try await fixture.accept(queue, "b", users: 1)
            let large = try await fixture.lease(queue, "a", 9)
            #expect(try await queue.finish(large.map { $0.finished() }, now: fixture.now).map(\.id) == [first.id])
            // The first is to be logged still; the second's only batch is done, and could end with it.
            let small = try await fixture.lease(queue, "a")
            let finished = try await queue.finish(small.map { $0.finished() }, now: fixture.now) { job in
                JobEnding(jobID: job.id, state: .completed, delivery: nil)
            }
            #expect(finished.ended.isEmpty && finished.endable.map(\.id) == [second.id])
            #expect(try await fixture.end(queue, second) == false, "it waits")
            try await fixture.work(queue, "b")
            #expect(try await queue.job(other.id)?.sequence == 1, "nobody else does")
            _ = fixture.events.take()
            #expect(try await fixture.end(queue, first))
            #expect(fixture.events.take().jobsWaiting == 1)
            #expect(try await fixture.end(queue, second))
            #expect(fixture.events.take().jobsWaiting == 0)
            #expect(try await queue.job(first.id)?.sequence == 1)
            #expect(try await queue.job(second.id)?.sequence == 2)
        }
    }

    @Test("a job ends after one accepted before it that is being cancelled while a batch of it runs", arguments: QueueDriver.all)
    func cancelling(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await fixture.accept(queue, "a", users: 200)
            let turn = try await fixture.lease(queue, "a")
            await queue.unlock(turn.map(\.lease))
            _ = try await queue.requestCancel(first.id, now: fixture.now)
            #expect(try await queue.drop(first.id, batches: [1], now: fixture.now) == nil, "a batch of it is held")
            let second = try await fixture.accept(queue, "a", users: 1)
            let next = try await fixture.lease(queue, "a")
            #expect(next.map(\.jobID) == [second.id])
            #expect(try await queue.finish(next.map { $0.finished() }, now: fixture.now).map(\.id) == [second.id])
            #expect(try await fixture.end(queue, second) == false)
            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            for job in try await queue.endable(limit: 9) { #expect(try await fixture.end(queue, job)) }
            #expect(try await queue.job(first.id)?.sequence == 1)
            #expect(try await queue.job(second.id)?.sequence == 2)
        }
    }

    @Test(
        "a job that was applied, finished or cancelled, waits for one before it that is put off, and is told when its turn has come",
        arguments: QueueDriver.all, [false, true])
    func putOff(_ driver: QueueDriver, isCancelled: Bool) async throws {
        try await driver.withQueue { fixture, queue in
            let ending: @Sendable (Job) -> JobEnding? = { JobEnding(jobID: $0.id, state: .completed, delivery: nil) }
            let jobs = [try await fixture.accept(queue, "a", users: 1), try await fixture.accept(queue, "a", users: 1)]
            let turn = try await fixture.lease(queue, "a", smallJobs: 2)
            // Both are applied; the results of the first could not be written.
            try await queue.retry(
                turn.at(0).lease, at: fixture.now.advanced(bySeconds: 10), error: "refused", now: fixture.now)
            if isCancelled {
                await queue.release([try turn.at(1).lease])
                _ = try await queue.requestCancel(jobs[1].id, now: fixture.now)
                let applied = try turn.at(1).finished().users
                let dropped = try await queue.drop(
                    jobs[1].id, batches: [0], applied: [0: applied], settledAhead: nil, now: fixture.now)
                #expect(dropped?.id == jobs[1].id)
            } else {
                let finished = try await queue.finish([turn.at(1).finished()], now: fixture.now, ending: ending)
                #expect(finished.ended.isEmpty && finished.endable.map(\.id) == [jobs[1].id])
            }
            #expect(try await fixture.end(queue, jobs[1]) == false, "it waits")
            let empty = try await fixture.accept(queue, "a", users: 0)
            let dropped = try await fixture.accept(queue, "a", users: 1)
            _ = try await queue.requestCancel(dropped.id, now: fixture.now)
            _ = try await queue.drop(dropped.id, batches: [0], now: fixture.now)
            #expect(try await queue.endable(limit: 9).isEmpty)

            fixture.clock.advance(10)
            _ = fixture.events.take()
            let again = try await fixture.lease(queue, "a", smallJobs: 2)
            #expect(again.map(\.jobID) == [jobs[0].id])
            let first = try await queue.finish(again.map { $0.finished() }, now: fixture.now, ending: ending)
            #expect(first.ended.map(\.id) == [jobs[0].id])
            #expect(fixture.events.take().jobsWaiting == 1, "the next one's turn has come")
            #expect(try await queue.endable(limit: 9).map(\.id) == [jobs[1].id, empty.id, dropped.id])
            for job in try await queue.endable(limit: 9) { #expect(try await fixture.end(queue, job)) }
            for (number, job) in ([jobs[0], jobs[1], empty, dropped]).enumerated() {
                #expect(try await queue.job(job.id)?.sequence == Int64(number + 1))
            }
        }
    }

    @Test("jobs of which nothing was applied do not wait for one that is open", arguments: QueueDriver.all)
    func nothingApplied(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let open = try await fixture.accept(queue, "a", users: 1)
            let empty = try await fixture.accept(queue, "a", users: 0)
            let dropped = try await fixture.accept(queue, "a", users: 1)
            _ = try await queue.requestCancel(dropped.id, now: fixture.now)
            _ = try await queue.drop(dropped.id, batches: [0], now: fixture.now)
            for job in [empty, dropped] { #expect(try await fixture.end(queue, job)) }
            try await fixture.work(queue, "a")
            #expect(try await queue.job(open.id)?.sequence == 3)
        }
    }

    @Test(
        "no job ends before the one before it, whoever took the time first, unless the clock was set back",
        arguments: QueueDriver.all)
    func times(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for _ in 0..<3 { jobs.append(try await fixture.accept(queue, "a", users: 0)) }
            let early = fixture.now
            fixture.clock.advance(2)
            let late = fixture.now
            for (job, now) in [(jobs[0], late), (jobs[1], early)] {
                _ = try await queue.end(JobEnding(jobID: job.id, state: .completed, delivery: nil), now: now)
                #expect(try await queue.job(job.id)?.endedAt == late)
            }
            fixture.clock.advance(-3600)
            let back = fixture.now
            _ = try await queue.end(JobEnding(jobID: jobs[2].id, state: .completed, delivery: nil), now: back)
            let last = try await queue.job(jobs[2].id)
            #expect(last?.endedAt == back && last?.sequence == 3)
        }
    }
}
