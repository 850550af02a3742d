import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Cancelling")
struct CancelTests {
    @Test("batches not started are dropped, what runs is finished, then the job ends", arguments: QueueDriver.all)
    func cancel(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 500)
            let later = try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a", 2)
            _ = try await queue.finish([turn.at(0).finished()], now: fixture.now)
            guard case .requested(let marked, let unstarted) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(marked.cancelRequested)
            #expect(unstarted == [2, 3, 4])
            #expect(try await fixture.lease(queue, "a").isEmpty, "its turn is not over")
            #expect(try await queue.drop(job.id, batches: unstarted, now: fixture.now) == nil, "one batch runs still")
            let ended = try await queue.finish([turn.at(1).finished()], now: fixture.now)
            #expect(ended.map(\.id) == [job.id])
            #expect(try ended.at(0).counts.created == 200)
            #expect(try ended.at(0).counts.cancelled == 300)
            #expect(try ended.at(0).batchesDone == 5)
            try await fixture.end(queue, ended.at(0))
            #expect(try await queue.job(job.id)?.state == .cancelled)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 1)
            #expect(try await fixture.lease(queue, "a").map(\.jobID) == [later.id])
        }
    }

    @Test("a batch that a worker holds is not dropped, whoever asks for it", arguments: QueueDriver.all)
    func held(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 200)
            let turn = try await fixture.lease(queue, "a", 1)
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            #expect(try await queue.drop(job.id, batches: [0, 1], now: fixture.now) == nil)
            let ended = try await queue.finish([turn.at(0).finished()], now: fixture.now)
            #expect(try ended.at(0).counts.created == 100 && ended.at(0).counts.cancelled == 100)
            try await fixture.end(queue, ended.at(0))
        }
    }

    @Test("after the request no batch of the job is leased; the tenant's next job is", arguments: QueueDriver.all)
    func nothingLeased(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 500)
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 5).isEmpty)
            #expect(try await fixture.lease(queue, "a").isEmpty)
            let later = try await fixture.accept(queue, "a", users: 1)
            #expect(try await fixture.lease(queue, "a").map(\.jobID) == [later.id])
        }
    }

    @Test("a batch in backoff counts as not started, and holds its tenant back no more", arguments: QueueDriver.all)
    func backoff(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 150)
            let later = try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a")
            try await queue.retry(turn.at(0).lease, at: fixture.now.advanced(bySeconds: 99), error: "busy", now: fixture.now)
            guard case .requested(_, let unstarted) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(unstarted == [0, 1])
            #expect(try await queue.nextRetry() == nil)
            #expect(try await fixture.lease(queue, "a").map(\.jobID) == [later.id])
            let ended = try await queue.drop(job.id, batches: unstarted, now: fixture.now)
            #expect(ended?.counts.cancelled == 150)
        }
    }

    @Test("a job that is retried or released after the request is found by who drops", arguments: QueueDriver.all)
    func givenBack(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 200)
            let turn = try await fixture.lease(queue, "a", 2)
            guard case .requested(_, let none) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(none.isEmpty)
            #expect(try await queue.cancelling(limit: 5).isEmpty, "all of its batches are held")
            _ = fixture.events.take()
            try await queue.retry(turn.at(0).lease, at: fixture.now, error: "busy", now: fixture.now)
            #expect(fixture.events.take() == .init(jobsWaiting: 1))
            await queue.release([try turn.at(1).lease])
            #expect(fixture.events.take() == .init(jobsWaiting: 1))
            #expect(try await queue.cancelling(limit: 5) == [job.id])
            guard case .requested(_, let unstarted) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(unstarted == [0, 1])
            #expect(try await queue.drop(job.id, batches: unstarted, now: fixture.now)?.counts.cancelled == 200)
            #expect(try await queue.cancelling(limit: 5).isEmpty)
        }
    }

    @Test("a cancel that a kill broke off is found again", arguments: QueueDriver.all)
    func killed(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 30_000)
            guard case .requested(_, let unstarted) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            _ = try await queue.drop(job.id, batches: Array(unstarted.prefix(100)), now: fixture.now)
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.readyTenants(now: fixture.now, limit: 5).isEmpty)
            #expect(try await reborn.cancelling(limit: 5) == [job.id])
            guard case .requested(_, let rest) = try await reborn.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(rest == Array(100..<300))
            #expect(try await reborn.drop(job.id, batches: rest, now: fixture.now)?.counts.cancelled == 30_000)
            await reborn.close()
        }
    }

    @Test(
        "users waiting in the last pass are cancelled, cut into batches or not, but for those who were settled ahead",
        arguments: QueueDriver.all)
    func deferred(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            var turn = try await fixture.lease(queue, "a", 9)
            _ = try await queue.finish(turn.map { $0.finished(deferring: Set(0..<250)) }, now: fixture.now)
            turn = try await fixture.lease(queue, "a")
            await queue.release(turn.map(\.lease))
            guard case .requestedInLastPass(_, let unstarted) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requestedInLastPass")
                return
            }
            #expect(unstarted == [3])
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 250)
            let settled = [5, 99, 100, 180].map { AppliedUser(index: $0, outcome: .updated, crmUserID: 7) }
            let failed = AppliedUser(index: 181, outcome: .failed, code: .identityConflict)
            // One of a batch that has had its turn is told of too.
            let past = AppliedUser(index: 260, outcome: .created, crmUserID: 8)
            let ended = try await queue.drop(
                job.id, batches: unstarted, applied: [:], settledAhead: settled + [failed, past], now: fixture.now)
            #expect(ended?.counts.updated == 4)
            #expect(ended?.counts.failed == 1)
            #expect(ended?.failedCodes == ["identity_conflict": 1])
            #expect(ended?.counts.cancelled == 245)
            #expect(ended?.batches == 5 && ended?.batchesDone == 5, "of those in no batch only who was settled is cut into one")
            #expect(ended?.counts.created == 50)
            #expect(
                try await queue.allResults(of: job.id).map { Int($0.applied.index) } == [5, 99, 100, 180, 181] + Array(250..<300))
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 0)
            try await fixture.end(queue, #require(ended))
            guard
                case .linked(let retry, existing: false) = try await queue.retryFailed(
                    of: job.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now)
            else {
                Issue.record("expected a retry of the one who failed")
                return
            }
            #expect(retry.totalUsers == 1)
        }
    }

    @Test("of a last pass nothing is dropped while a batch of it is held; then it is found", arguments: QueueDriver.all)
    func heldInLastPass(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            var turn = try await fixture.lease(queue, "a", 9)
            _ = try await queue.finish(turn.map { $0.finished(deferring: Set(0..<250)) }, now: fixture.now)
            turn = try await fixture.lease(queue, "a", 1)
            guard case .requested(let marked, unstarted: []) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested without a batch")
                return
            }
            #expect(marked.counts.cancelled == 0)
            #expect(try await queue.drop(job.id, batches: [], now: fixture.now) == nil)
            #expect(try await queue.cancelling(limit: 9).isEmpty)
            #expect(try await queue.endable(limit: 9).isEmpty)
            #expect(try await fixture.lease(queue, "a").isEmpty)
            _ = fixture.events.take()
            #expect(try await queue.finish(turn.map { $0.finished(outcome: .updated) }, now: fixture.now).isEmpty)
            #expect(fixture.events.take().jobsWaiting > 0)
            #expect(try await queue.cancelling(limit: 9) == [job.id])
            #expect(try await fixture.lease(queue, "a").isEmpty)

            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.cancelling(limit: 9) == [job.id])
            guard case .requestedInLastPass(_, unstarted: []) = try await reborn.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requestedInLastPass")
                return
            }
            let ended = try await reborn.drop(job.id, batches: [], applied: [:], settledAhead: [], now: fixture.now)
            #expect(ended?.counts.updated == 100 && ended?.counts.cancelled == 150 && ended?.counts.created == 50)
            await reborn.close()
        }
    }

    @Test("a user deferred by a batch that ran while the cancel came is cancelled", arguments: QueueDriver.all)
    func deferredLate(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 100)
            let turn = try await fixture.lease(queue, "a")
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            let ended = try await queue.finish(turn.map { $0.finished(deferring: [5, 6]) }, now: fixture.now)
            #expect(ended.first?.counts.cancelled == 2)
            #expect(ended.first?.counts.created == 98)
        }
    }

    @Test("a batch that had been applied keeps its results when it is dropped", arguments: QueueDriver.all)
    func applied(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            let turn = try await fixture.lease(queue, "a")
            let applied = try turn.at(0).finished(failing: [7]).users
            let reborn = try await driver.killed(fixture)
            guard case .requested(_, let unstarted) = try await reborn.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            let ended = try await reborn.drop(
                job.id, batches: unstarted, applied: [0: applied], settledAhead: nil, now: fixture.now)
            #expect(ended?.counts.created == 99)
            #expect(ended?.counts.failed == 1)
            #expect(ended?.counts.cancelled == 200)
            #expect(try await reborn.allResults(of: job.id).map { Int($0.applied.index) } == Array(0..<100))
            await reborn.close()
        }
    }

    @Test("a job without open batch is returned to be ended; dropping again changes nothing", arguments: QueueDriver.all)
    func again(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 200)
            #expect(try await queue.drop(job.id, batches: [0, 1], now: fixture.now) == nil, "no cancel was requested")
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            #expect(try await queue.drop(job.id, batches: [0, 0, 1, 7], now: fixture.now)?.counts.cancelled == 200)
            #expect(try await queue.drop(job.id, batches: [0, 1], now: fixture.now)?.counts.cancelled == 200)
            #expect(try await queue.drop(job.id, batches: [], now: fixture.now)?.id == job.id)
        }
    }

    @Test("unknown and ended jobs are told apart", arguments: QueueDriver.all)
    func answers(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            guard case .unknown = try await queue.requestCancel(JobID(now: fixture.now), now: fixture.now) else {
                Issue.record("expected .unknown")
                return
            }
            let job = try await fixture.accept(queue, "a", users: 1)
            try await fixture.work(queue, "a")
            guard case .ended(let ended) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .ended")
                return
            }
            #expect(ended.state == .completed)
            #expect(try await queue.job(job.id)?.cancelRequested == false)
        }
    }
}
