import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Leasing")
struct LeasingTests {
    @Test("a tenant's jobs run in the order accepted and their batches by number, one job at a time", arguments: QueueDriver.all)
    func order(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await fixture.accept(queue, "a", users: 300)
            let second = try await fixture.accept(queue, "a", users: 100)
            let turn = try await fixture.lease(queue, "a", 2)
            #expect(turn.map(\.number) == [0, 1])
            #expect(turn.allSatisfy { $0.jobID == first.id && $0.jobUsers == 300 && $0.attempts == 0 && $0.pass == .first })
            #expect(turn.map(\.payload) == [payload(0..<100), payload(100..<200)])
            #expect(turn.allSatisfy { $0.syncTime == first.syncTime && $0.operation == .userSync && $0.tenantID == "a" })
            #expect(try await queue.finish(turn.map { $0.finished() }, now: fixture.now).isEmpty)
            let next = try await fixture.lease(queue, "a", 5)
            #expect(next.map(\.number) == [2], "of one job only")
            #expect(try await queue.finish(next.map { $0.finished() }, now: fixture.now).map(\.id) == [first.id])
            // The first has not been ended; its batches are done, which is what the second waits for.
            #expect(try await fixture.lease(queue, "a", 5).map(\.jobID) == [second.id])
        }
    }

    @Test(
        "small jobs that follow each other may come together: no more than wished for, than a batch holds, than are not tried yet",
        arguments: QueueDriver.all)
    func smallJobs(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for users in [1, 2, 3, 300, 60, 40, 1] { jobs.append(try await fixture.accept(queue, "a", users: users)) }
            try await fixture.accept(queue, "b", users: 1)
            func lease(_ count: Int) async throws -> [LeasedBatch] { try await fixture.lease(queue, "a", 3, smallJobs: count) }
            func finish(_ batches: [LeasedBatch]) async throws {
                for ended in try await queue.finish(batches.map { $0.finished() }, now: fixture.now) {
                    try await fixture.end(queue, ended)
                }
            }
            let two = try await lease(2)
            #expect(two.map(\.jobID) == jobs[0...1].map(\.id) && two.map(\.payload) == [payload(0..<1), payload(0..<2)])
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["b"])
            await queue.release(two.map(\.lease))
            let three = try await lease(9)
            #expect(three.map(\.jobID) == jobs[0...2].map(\.id), "none beyond a larger one")
            #expect(try await queue.statistics(now: fixture.now).tenants.first { $0.tenantID == "a" }?.currentJob == jobs[0].id)
            // Only the first is finished; the second's try fails, the third goes back.
            try await finish([three.at(0)])
            try await queue.retry(three.at(1).lease, at: fixture.now, error: "busy", now: fixture.now)
            await queue.release([try three.at(2).lease])
            let again = try await lease(9)
            #expect(again.map(\.jobID) == [jobs[1].id], "one that was tried comes alone")
            try await finish(again)
            try await finish(try await lease(1))
            let large = try await lease(9)
            #expect(large.map(\.jobID) == Array(repeating: jobs[3].id, count: 3))
            try await finish(large)
            let full = try await lease(9)
            #expect(full.map(\.jobID) == jobs[4...5].map(\.id), "a hundred users")
            guard case .requested(_, let unstarted) = try await queue.requestCancel(jobs[5].id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(unstarted.isEmpty, "it is held")
            await queue.release(full.map(\.lease))
            #expect(try await lease(9).map(\.jobID) == [jobs[4].id, jobs[6].id], "not one that is being cancelled")
        }
    }

    @Test("a leased batch says whether its job names an address for its webhook", arguments: QueueDriver.all, [false, true])
    func callbackURL(_ driver: QueueDriver, isNamed: Bool) async throws {
        try await driver.withQueue { fixture, queue in
            var job = fixture.newJob("a", users: 150)
            job.callbackURL = isNamed ? "https://example.com/hook" : nil
            _ = try await queue.accept(job, upload: nil, batches: batches(150))
            #expect(try await fixture.lease(queue, "a", 2).map(\.hasCallbackURL) == [isNamed, isNamed])
        }
    }

    @Test("while a tenant's batches are leased it gets no further ones; other tenants do", arguments: QueueDriver.all)
    func oneTurn(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 300)
            try await fixture.accept(queue, "b", users: 100)
            let turn = try await fixture.lease(queue, "a")
            #expect(try await fixture.lease(queue, "a").isEmpty)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 10) == ["b"])
            #expect(try await fixture.lease(queue, "b").count == 1)
            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 10) == ["a"])
        }
    }

    @Test("those whose turn it is share what is asked for; an unknown tenant gets nothing", arguments: QueueDriver.all)
    func shares(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            #expect(queue.readyCount == 0)
            for tenant in ["a", "b", "c"] as [TenantID] { try await fixture.accept(queue, tenant, users: 50, size: 10) }
            #expect(queue.readyCount == 3)
            #expect(try await fixture.lease(queue, "none").isEmpty)
            let two = try await queue.lease(LeaseRequest(tenants: 2, batches: 5), now: fixture.now)
            #expect(two.map { "\($0.tenantID)\($0.number)" } == ["a0", "a1", "b0", "b1"])
            #expect(queue.readyCount == 1)
            let rest = try await queue.lease(LeaseRequest(tenants: 9, batches: 9), now: fixture.now)
            #expect(rest.map(\.number) == [0, 1, 2, 3, 4] && rest.allSatisfy { $0.tenantID == "c" })
            #expect(try await queue.lease(LeaseRequest(tenants: 9, batches: 9), now: fixture.now).isEmpty)
            #expect(queue.readyCount == 0)
            await queue.release((two + rest).map(\.lease))
            #expect(queue.readyCount == 3)
            let all = try await queue.lease(LeaseRequest(tenants: 9, batches: 1), now: fixture.now)
            #expect(all.map { "\($0.tenantID)\($0.number)" } == ["a0", "b0", "c0"], "one at least")
        }
    }

    @Test("turns go round: who was served comes after all others, over many rounds", arguments: QueueDriver.all)
    func rounds(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for tenant in 0..<5 { try await fixture.accept(queue, "t\(tenant)", users: 1) }
            var served: [TenantID] = []
            for round in 0..<500 {
                let turn = try await queue.lease(LeaseRequest(tenants: 1, batches: 1), now: fixture.now)
                served += turn.map(\.tenantID)
                await queue.release(turn.map(\.lease))
                #expect(try turn.at(0).tenantID.text == "t\(round % 5)")
            }
            #expect(served.count == 500)
        }
    }

    @Test("concurrent leases never hand out a batch twice", arguments: QueueDriver.all)
    func concurrentLeases(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for tenant in 0..<10 { try await fixture.accept(queue, "t\(tenant)", users: 30, size: 10) }
            let leased = try await withThrowingTaskGroup(of: [LeasedBatch].self) { group in
                for i in 0..<40 { group.addTask { try await fixture.lease(queue, "t\(i % 10)") } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(leased.count == 10)
            #expect(Set(leased.map(\.lease)).count == 10)
            #expect(leased.allSatisfy { $0.number == 0 })
        }
    }

    @Test("tenants take turns: who was served goes to the end of the line", arguments: QueueDriver.all)
    func fairness(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for tenant in ["a", "b", "c"] as [TenantID] { try await fixture.accept(queue, tenant, users: 30, size: 10) }
            var served: [TenantID] = []
            while let tenant = try await queue.readyTenants(now: fixture.now, limit: 1).first {
                served.append(tenant)
                let turn = try await fixture.lease(queue, tenant)
                _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            }
            #expect(served == ["a", "b", "c", "a", "b", "c", "a", "b", "c"])
        }
    }

    @Test("ready tenants are limited and found again until they are leased", arguments: QueueDriver.all)
    func readyLimit(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for tenant in 0..<5 { try await fixture.accept(queue, "t\(tenant)", users: 1) }
            #expect(try await queue.readyTenants(now: fixture.now, limit: 2) == ["t0", "t1"])
            #expect(try await queue.readyTenants(now: fixture.now, limit: 2) == ["t0", "t1"])
            _ = try await fixture.lease(queue, "t1")
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["t0", "t2", "t3", "t4"])
        }
    }

    @Test("a job runs from its first lease on", arguments: QueueDriver.all)
    func running(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 200)
            let started = fixture.now
            let turn = try await fixture.lease(queue, "a")
            fixture.clock.advance(5)
            await queue.release(turn.map(\.lease))
            _ = try await fixture.lease(queue, "a")
            let present = try await queue.job(job.id)
            #expect(present?.state == .running)
            #expect(present?.startedAt == started)
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.jobs[.running] == 1)
            #expect(statistics.jobs[.queued] == 0)
        }
    }

    @Test("a job of one batch runs once something came of its lease: a result", arguments: QueueDriver.all)
    func startWithResult(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 20)
            let released = try await fixture.lease(queue, "a")
            await queue.release(released.map(\.lease))
            fixture.clock.advance(5)
            let started = fixture.now
            let turn = try await fixture.lease(queue, "a")
            #expect(try await queue.job(job.id)?.state == .queued)
            fixture.clock.advance(5)
            let endable = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            #expect(try endable.at(0).state == .running && endable.at(0).startedAt == started)
            try await fixture.end(queue, endable.at(0))
            #expect(try await queue.job(job.id)?.startedAt == started)
        }
    }

    @Test("… or a failed try", arguments: QueueDriver.all)
    func startWithTry(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 20)
            let started = fixture.now
            let turn = try await fixture.lease(queue, "a")
            fixture.clock.advance(5)
            try await queue.retry(turn.at(0).lease, at: fixture.now, error: "busy", now: fixture.now)
            let present = try #require(try await queue.job(job.id))
            #expect(present.state == .running && present.startedAt == started)
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.jobs[.running] == 1 && statistics.jobs[.queued] == 0)
            let again = try await fixture.lease(queue, "a")
            _ = try await queue.finish(again.map { $0.finished() }, now: fixture.now)
            #expect(try await queue.job(job.id)?.startedAt == started)
        }
    }

    @Test(
        "a lease and a cancel at once: either comes first, all users are accounted for, and the tenant goes on",
        arguments: QueueDriver.all)
    func leaseAndCancel(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var leasedFirst = 0
            for round in 0..<150 {
                let job = try await fixture.accept(queue, "a", users: 30, size: round % 2 == 0 ? 10 : 30)
                async let leasing = fixture.lease(queue, "a", 2)
                // Later from round to round, so that each comes first in many of them.
                try await Task.sleep(for: .microseconds(round % 15 * 20))
                async let cancelling = queue.requestCancel(job.id, now: fixture.now)
                guard case .requested(_, let unstarted) = try await cancelling else {
                    Issue.record("expected .requested")
                    return
                }
                let dropped = try await queue.drop(job.id, batches: unstarted, now: fixture.now)
                let turn = try await leasing
                // What is said to be unstarted gets a tombstone: nobody may hold it.
                #expect(Set(unstarted).isDisjoint(with: turn.map(\.number)), "round \(round)")
                if turn.isEmpty {
                    try await fixture.end(queue, try #require(dropped))
                } else {
                    leasedFirst += 1
                    let endable = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
                    let rest = try await queue.cancelling(limit: 1)
                    if !rest.isEmpty { _ = try await queue.drop(job.id, batches: [0, 1, 2], now: fixture.now) }
                    for ended in try await queue.endable(limit: 9) + endable { try await fixture.end(queue, ended) }
                }
                let ended = try #require(try await queue.job(job.id))
                #expect(ended.state.isEnd && ended.counts.settled == 30, "round \(round)")
            }
            try await fixture.accept(queue, "a", users: 1)
            #expect(try await fixture.lease(queue, "a").count == 1)
            #expect(leasedFirst > 0)
        }
    }

    @Test("released batches are leased again under other leases, no try counted", arguments: QueueDriver.all)
    func release(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 300)
            let turn = try await fixture.lease(queue, "a", 2)
            _ = fixture.events.take()
            await queue.release(turn.map(\.lease))
            #expect(fixture.events.take().ready == ["a"])
            await queue.release(turn.map(\.lease))
            let again = try await fixture.lease(queue, "a", 2)
            #expect(again.map(\.number) == [0, 1])
            #expect(again.map(\.attempts) == [0, 0])
            #expect(Set(again.map(\.lease)).isDisjoint(with: turn.map(\.lease)))
        }
    }

    @Test("a prefix of a turn may be finished and the rest released", arguments: QueueDriver.all)
    func prefix(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 400)
            let turn = try await fixture.lease(queue, "a", 3)
            _ = try await queue.finish([turn.at(0).finished()], now: fixture.now)
            #expect(try await fixture.lease(queue, "a").isEmpty, "two are held still")
            await queue.release(turn[1...].map(\.lease))
            #expect(try await fixture.lease(queue, "a", 9).map(\.number) == [1, 2, 3])
            #expect(try await queue.job(job.id)?.batchesDone == 1)
        }
    }

    @Test("a stale lease changes nothing", arguments: QueueDriver.all)
    func stale(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 200)
            let stale = try await fixture.lease(queue, "a", 2)
            await queue.release(stale.map(\.lease))
            let held = try await fixture.lease(queue, "a")
            let before = try await queue.job(job.id)
            await #expect(throws: QueueError.leaseLost) {
                _ = try await queue.finish(stale.map { $0.finished() }, now: fixture.now)
            }
            await #expect(throws: QueueError.leaseLost) {
                try await queue.retry(stale.at(0).lease, at: fixture.now, error: "late", now: fixture.now)
            }
            await queue.unlock(stale.map(\.lease))
            #expect(try await queue.job(job.id) == before)
            #expect(try await fixture.lease(queue, "a").isEmpty, "still held by the second lease")
            _ = try await queue.finish(held.map { $0.finished() }, now: fixture.now)
            await #expect(throws: QueueError.leaseLost) {
                _ = try await queue.finish(held.map { $0.finished() }, now: fixture.now)
            }
            #expect(try await queue.job(job.id)?.counts.created == 100)
        }
    }

    @Test("of batches finished together, those whose leases were lost are named, and the others end", arguments: QueueDriver.all)
    func lostAmongHeld(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for tenant in ["a", "b", "c"] as [TenantID] { jobs.append(try await fixture.accept(queue, tenant, users: 10)) }
            let leased = try await queue.lease(LeaseRequest(tenants: 3, batches: 3), now: fixture.now)
            await queue.release([try leased.at(1).lease])
            let again = try await fixture.lease(queue, "b")
            let finished = try await queue.finish(leased.map { $0.finished() }, now: fixture.now) { job in
                JobEnding(jobID: job.id, state: .completed, delivery: nil)
            }
            #expect(try finished.lost == [leased.at(1).lease])
            #expect(finished.ended.map(\.tenantID) == ["a", "c"] && finished.endable.isEmpty)
            #expect(try await queue.job(jobs[1].id) == jobs[1], "of the lost one nothing was written")
            #expect(try await fixture.lease(queue, "b").isEmpty, "its next holder holds it still")
            #expect(try await queue.finish(again.map { $0.finished() }, now: fixture.now).map(\.id) == [jobs[1].id])
        }
    }

    @Test("of two who finish the same batch at once, one is told that it lost its lease", arguments: QueueDriver.all)
    func finishedTwice(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 100)
            let turn = try await fixture.lease(queue, "a")
            let errors = await withTaskGroup(of: QueueError?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
                            return nil
                        } catch { return error as? QueueError }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.filter { $0 == nil }.count == 1)
            #expect(errors.filter { $0 == .leaseLost }.count == 7)
            #expect(try await queue.job(job.id)?.counts.created == 100)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 0)
        }
    }

    @Test("after a kill all batches that were not finished are free", arguments: QueueDriver.all)
    func killed(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 300)
            let turn = try await fixture.lease(queue, "a", 2)
            _ = try await queue.finish([turn.at(0).finished()], now: fixture.now)
            let reborn = try await driver.killed(fixture)
            #expect(try await fixture.lease(reborn, "a", 9).map(\.number) == [1, 2])
            await reborn.close()
        }
    }

    @Test("unlocked batches let the tenant's next ones be leased while they are being finished", arguments: QueueDriver.all)
    func unlock(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            let later = try await fixture.accept(queue, "a", users: 1)
            let first = try await fixture.lease(queue, "a", 2)
            await queue.unlock([try first.at(0).lease])
            #expect(try await fixture.lease(queue, "a", 2).isEmpty, "the turn's second batch is not applied")
            _ = fixture.events.take()
            await queue.unlock(first.map(\.lease))
            #expect(fixture.events.take().ready == ["a"])
            let second = try await fixture.lease(queue, "a", 2)
            #expect(second.map(\.number) == [2])
            await queue.unlock(second.map(\.lease))
            #expect(try await queue.readyTenants(now: fixture.now, limit: 1).isEmpty, "the next job waits for the results")
            #expect(try await fixture.lease(queue, "a", 2).isEmpty)
            #expect(try await queue.finish(second.map { $0.finished() }, now: fixture.now).isEmpty)
            #expect(try await fixture.lease(queue, "a", 2).isEmpty)
            #expect(try await queue.finish(first.map { $0.finished() }, now: fixture.now).map(\.id) == [job.id])
            #expect(try await fixture.lease(queue, "a", 2).map(\.jobID) == [later.id])
        }
    }

    @Test("an unlocked batch that is released comes again, before others", arguments: QueueDriver.all)
    func unlockedReleased(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 300)
            let first = try await fixture.lease(queue, "a")
            await queue.unlock(first.map(\.lease))
            await queue.release(first.map(\.lease))
            #expect(try await fixture.lease(queue, "a").map(\.number) == [0])
        }
    }
}
