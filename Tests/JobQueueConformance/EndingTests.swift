import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Ending a job")
struct EndingTests {
    @Test("a job whose batches are done ends once, with its webhook", arguments: QueueDriver.all)
    func ends(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 150)
            let turn = try await fixture.lease(queue, "a", 9)
            let done = try await queue.finish(turn.map { $0.finished(failing: [3, 120]) }, now: fixture.now)
            #expect(done.map(\.id) == [job.id])
            #expect(try done.at(0).counts.created == 148)
            #expect(try done.at(0).counts.failed == 2)
            #expect(try done.at(0).batchesDone == 2)
            #expect(try await queue.endable(limit: 5) == done)
            fixture.clock.advance(2)
            _ = fixture.events.take()
            #expect(try await fixture.end(queue, done.at(0), deliver: true))
            #expect(fixture.events.take().deliveriesDue == 1)
            let ended = try #require(try await queue.job(job.id))
            #expect(ended.state == .completedWithErrors)
            #expect(ended.endedAt == fixture.now)
            #expect(ended.failedCodes == ["refused_by_database": 2])
            let deliveries = try await queue.deliveries(of: job.id)
            #expect(deliveries.map(\.what) == [fixture.delivery("msg_\(job.id)", job: job).head])
            #expect(try deliveries.at(0).state == .pending)
            #expect(try deliveries.at(0).nextAttemptAt == fixture.now)

            #expect(try await fixture.end(queue, done.at(0), deliver: true) == false)
            #expect(try await queue.deliveries(of: job.id).count == 1)
            #expect(try await queue.endable(limit: 5).isEmpty)
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.jobs[.completedWithErrors] == 1)
            #expect(statistics.jobs[.running] == 0)
            #expect(statistics.deliveriesPending == 1)
        }
    }

    @Test("results that were lost are in the job's warnings, by number, and outlive the process", arguments: QueueDriver.all)
    func lostResults(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let id = try await fixture.accept(queue, "a", users: 250).id
            var finished = try await fixture.lease(queue, "a", 2).map { $0.finished() }
            for (at, lost) in [100, 40].enumerated() {
                finished[at].batch.payload = finished[at].batch.payload.keeping(Set(UInt32(100 + lost)..<200))
                finished[at].lostResults = lost
            }
            _ = try await queue.finish(finished, now: fixture.now)
            let reborn = try await driver.killed(fixture)
            let warning = "The queue could not keep the results of 140 users"
            #expect(try await reborn.job(id)?.warnings == [warning])
            let done = try await reborn.finish(try await fixture.lease(reborn, "a").map { $0.finished() }, now: fixture.now)
            let ending = JobEnding(jobID: id, state: .completed, warning: "another", delivery: nil)
            #expect(try await reborn.end(ending, now: fixture.now))
            #expect(try await reborn.job(id)?.warnings == [warning, "another"])
            #expect(done.map(\.id) == [id] && done.first?.counts.created == 250)
            #expect(try await reborn.allResults(of: id).count == 110)
            await reborn.close()
        }
    }

    @Test("the end of a job is told to the observer once, whichever call ended it", arguments: QueueDriver.all)
    func told(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for _ in 0..<3 { jobs.append(try await fixture.accept(queue, "a", users: 1)) }
            let first = try await fixture.lease(queue, "a")
            let ended = try await queue.finish(first.map { $0.finished() }, now: fixture.now) {
                JobEnding(jobID: $0.id, state: .completed, delivery: nil)
            }
            #expect(ended.ended.map(\.id) == [jobs[0].id])
            #expect(fixture.events.take().jobsEnded == [jobs[0].id])
            let second = try await fixture.lease(queue, "a")
            let endable = try await queue.finish(second.map { $0.finished() }, now: fixture.now)
            #expect(fixture.events.take().jobsEnded == [])
            for _ in 0..<2 { try await fixture.end(queue, try endable.at(0)) }
            #expect(fixture.events.take().jobsEnded == [jobs[1].id])
            await #expect { try await fixture.end(queue, jobs[2]) } throws: { $0.isRefused }
            #expect(fixture.events.take().jobsEnded == [])
        }
    }

    @Test("a job with open batches cannot be ended, nor can one end in a state that is none", arguments: QueueDriver.all)
    func open(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 1)
            await #expect { try await fixture.end(queue, job) } throws: { $0.isRefused }
            #expect(try await queue.job(job.id)?.state == .queued)
            let empty = try await queue.accept(fixture.newJob("a", users: 0), upload: nil, batches: [])
            let wrong = JobEnding(jobID: empty.id, state: .running, delivery: nil)
            await #expect { _ = try await queue.end(wrong, now: fixture.now) } throws: { $0.isRefused }
            let unknown = JobEnding(jobID: JobID(now: fixture.now), state: .failed, delivery: nil)
            #expect(try await queue.end(unknown, now: fixture.now) == false)
        }
    }

    @Test("a job that a kill kept from its end is found again", arguments: QueueDriver.all)
    func foundAgain(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a")
            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.endable(limit: 5).map(\.id) == [job.id])
            #expect(try await reborn.readyTenants(now: fixture.now, limit: 5).isEmpty)
            await reborn.close()
        }
    }

    @Test(
        "jobs that wait for their turn hide nobody's, and each tenant's first comes before its others", arguments: QueueDriver.all
    )
    func turns(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            // The results of a's first job could not be written: those after it wait for it.
            for _ in 0..<4 { try await fixture.accept(queue, "a", users: 1) }
            let turn = try await fixture.lease(queue, "a", smallJobs: 4)
            try await queue.retry(turn.at(0).lease, at: fixture.now.advanced(bySeconds: 99), error: "no", now: fixture.now)
            #expect(try await queue.finish(turn.dropFirst().map { $0.finished() }, now: fixture.now).count == 3)
            var ids: [TenantID: [JobID]] = [:]
            for tenant in ["b", "b", "b", "c"] as [TenantID] {
                ids[tenant, default: []].append(try await fixture.accept(queue, tenant, users: 0).id)
            }
            let (b, c) = (ids["b"] ?? [], ids["c"] ?? [])
            #expect(try await queue.endable(limit: 1).map(\.id) == [b.at(0)])
            #expect(try await queue.endable(limit: 3).map(\.id) == [b.at(0), c.at(0), b.at(1)])
            #expect(try await queue.endable(limit: 9).map(\.id) == [b.at(0), c.at(0), b.at(1), b.at(2)])
        }
    }

    @Test("the reason why a job failed is kept", arguments: QueueDriver.all)
    func reason(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await queue.accept(fixture.newJob("a", users: 0), upload: nil, batches: [])
            let ending = JobEnding(jobID: job.id, state: .failed, error: "no such table", delivery: nil)
            #expect(try await queue.end(ending, now: fixture.now))
            #expect(try await queue.job(job.id)?.error == "no such table")
        }
    }

    @Test(
        "where processes share a store, the ledger of a job that ended lately is kept for late workers",
        arguments: QueueDriver.shared)
    func lateLedger(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 1)
            try await fixture.work(queue, "a")
            let end = try #require(try await queue.job(job.id)?.endedAt)
            #expect(try await queue.endedWithLedger(endedBefore: end, limit: 9).isEmpty)
            #expect(try await queue.endedWithLedger(endedBefore: end.advanced(bySeconds: 1), limit: 9) == [job.id])
        }
    }

    @Test("an ended job's ledger may go, until it is told that it went", arguments: QueueDriver.all)
    func ledger(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await fixture.accept(queue, "a", users: 1)
            let second = try await fixture.accept(queue, "b", users: 1)
            let open = try await fixture.accept(queue, "c", users: 1)
            try await fixture.work(queue, "a")
            try await fixture.work(queue, "b")
            #expect(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 9) == [first.id, second.id])
            #expect(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 1) == [first.id])
            try await queue.ledgerForgotten([first.id, open.id])
            #expect(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 9) == [second.id])
            #expect(try await fixture.lease(queue, "c").count == 1, "an open job is not closed by it")
            #expect(
                fixture.events.takeImpossible() == [
                    ImpossibleTransition(.job, open.id.text, in: "working", met: "ledgerForgotten")
                ])
        }
    }
}
