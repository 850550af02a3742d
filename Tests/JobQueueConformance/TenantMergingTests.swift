import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Merging two tenants in use")
struct TenantMergingTests {
    private let uuid = TenantNamesTests.uuid
    private let org = TenantNamesTests.org

    private func begun(_ queue: any JobQueue, _ alias: TenantID, _ tenant: TenantID, _ now: Timestamp) async throws -> TenantMerge
    {
        guard case .begun(let merge) = try await queue.beginMerge(of: alias, into: tenant, now: now) else {
            Issue.record("it is not begun")
            throw QueueError.refused("not begun")
        }
        return merge
    }

    private func merged(_ queue: any JobQueue, _ merge: TenantMerge, _ now: Timestamp) async throws {
        #expect(try await queue.startMoving(merge.id))
        try await queue.endMoving(merge.id, moved: 1, joined: 0, now: now)
        while try await !queue.settleMerge(merge.id, limit: 2, now: now) {}
    }

    @Test(
        "jobs from before end first, those sent meanwhile wait, and then run in the order accepted as the tenant's",
        arguments: QueueDriver.all)
    func drains(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, org)
            try await fixture.accept(queue, uuid)
            var merge = try await begun(queue, org, uuid, fixture.now)
            #expect(merge.openJobs == 2 && merge.heldJobs == 0)
            let held = [
                try await fixture.accept(queue, org), try await fixture.accept(queue, uuid), try await fixture.accept(queue, org),
            ]
            #expect(try await driver.audit(queue) == [])
            #expect(held.map(\.tenantID) == [org, uuid, org])
            #expect(try await !queue.startMoving(merge.id))
            try await fixture.work(queue, org)
            #expect(try await !queue.startMoving(merge.id), "the other tenant has an open job")
            try await fixture.work(queue, uuid)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9).isEmpty, "what was sent meanwhile waits")
            merge = try #require(try await queue.openMerges().first)
            #expect(merge.openJobs == 0 && merge.heldJobs == 3)
            #expect(try await queue.statistics(now: fixture.now).merges == [merge])
            try await merged(queue, merge, fixture.now)
            let ended = try await queue.merge(merge.id)
            #expect(ended?.state == .merged && ended?.moved == 1 && ended?.endedAt == fixture.now)
            #expect(try await queue.openMerges().isEmpty)
            var ran: [JobID] = []
            while let batch = try await fixture.lease(queue, uuid).first {
                ran.append(batch.jobID)
                for job in try await queue.finish([batch.finished()], now: fixture.now) { try await fixture.end(queue, job) }
            }
            #expect(ran == held.map(\.id))
            #expect(try await queue.allJobs().allSatisfy { $0.tenantID == uuid && $0.state == .completed })
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.tenants.isEmpty && statistics.merges.isEmpty)
            #expect(try await queue.job(held[0].id)?.sentTenantID == org)
            #expect(try await driver.audit(queue) == [])
        }
    }

    @Test(
        "the name is an alias afterwards, its aliases too, and the tenant's numbers go on above both", arguments: QueueDriver.all)
    func aliases(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            _ = try await queue.setAlias("corp", of: org, hasUsers: false, now: fixture.now)
            for _ in 0..<3 { try await fixture.accept(queue, org) }
            try await fixture.accept(queue, uuid)
            try await fixture.work(queue, org)
            try await fixture.work(queue, uuid)
            try await merged(queue, try await begun(queue, "corp", uuid, fixture.now), fixture.now)
            for name in [org, "corp"] { #expect(try await queue.tenant(named: name) == uuid) }
            let next = try await fixture.accept(queue, "corp")
            try await fixture.work(queue, uuid)
            #expect(try await queue.job(next.id)?.sequence == 4)
            #expect(try await queue.beginMerge(of: org, into: uuid, now: fixture.now) == .areOne(uuid))
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.tenant(named: "corp") == uuid)
            #expect(try await reborn.merges(limit: 5, cursor: nil).items.map(\.state) == [.merged])
            await reborn.close()
        }
    }

    @Test("a key that was used under the name is known under the tenant", arguments: QueueDriver.all)
    func keys(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let claim = try await fixture.claim(queue, "k", of: org)
            let job = fixture.newJob(org, users: 1, idempotency: .init(claim: claim, bodyHash: [1]))
            _ = try await queue.accept(job, upload: nil, batches: batches(1))
            try await fixture.work(queue, org)
            try await merged(queue, try await begun(queue, org, uuid, fixture.now), fixture.now)
            for name in [org, uuid] {
                let again = try await queue.claim(tenantID: name, path: "/sync", key: "k", now: fixture.now)
                #expect(again == .known(job: job.id, bodyHash: [1]))
            }
        }
    }

    @Test("a key of the tenant that has expired does not hide the name's", arguments: QueueDriver.all)
    func expiredKey(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let old = try await fixture.claim(queue, "k", of: uuid)
            let first = fixture.newJob(uuid, users: 1, idempotency: .init(claim: old, bodyHash: [1]))
            _ = try await queue.accept(first, upload: nil, batches: batches(1))
            try await fixture.work(queue, uuid)
            fixture.clock.advance(86_401)
            let claim = try await fixture.claim(queue, "k", of: org)
            let job = fixture.newJob(org, users: 1, idempotency: .init(claim: claim, bodyHash: [2]))
            _ = try await queue.accept(job, upload: nil, batches: batches(1))
            try await fixture.work(queue, org)
            try await merged(queue, try await begun(queue, org, uuid, fixture.now), fixture.now)
            let again = try await queue.claim(tenantID: uuid, path: "/sync", key: "k", now: fixture.now)
            #expect(again == .known(job: job.id, bodyHash: [2]))
        }
    }

    @Test("refused or cancelled, both stay tenants and what waited goes on", arguments: QueueDriver.all, [true, false])
    func refused(_ driver: QueueDriver, _ isCancelled: Bool) async throws {
        try await driver.withQueue { fixture, queue in
            let merge = try await begun(queue, org, uuid, fixture.now)
            let held = [try await fixture.accept(queue, org), try await fixture.accept(queue, uuid)]
            if isCancelled {
                #expect(try await queue.cancelMerge(merge.id, now: fixture.now)?.state == .cancelled)
            } else {
                #expect(try await queue.startMoving(merge.id))
                #expect(try await queue.cancelMerge(merge.id, now: fixture.now)?.state == .moving, "it is too late")
                try await queue.refuseMerge(merge.id, because: "2 users cannot be merged", now: fixture.now)
                #expect(try await queue.merge(merge.id)?.error == "2 users cannot be merged")
            }
            try await queue.endMoving(merge.id, moved: 9, joined: 9, now: fixture.now)
            #expect(try await queue.tenant(named: org) == org)
            for job in held {
                try await fixture.work(queue, job.tenantID)
                #expect(try await queue.job(job.id)?.state == .completed)
            }
        }
    }

    @Test("killed at any step, it goes on where it was", arguments: QueueDriver.all)
    func killed(_ driver: QueueDriver) async throws {
        for steps in 0..<3 {
            try await driver.withQueue { fixture, queue in
                try await fixture.accept(queue, org)
                let merge = try await begun(queue, org, uuid, fixture.now)
                try await fixture.accept(queue, org)
                try await fixture.work(queue, org)
                if steps > 0 { #expect(try await queue.startMoving(merge.id)) }
                if steps > 1 { try await queue.endMoving(merge.id, moved: 1, joined: 0, now: fixture.now) }
                let reborn = try await driver.killed(fixture)
                let found = try #require(try await reborn.openMerges().first)
                #expect(found.state == [.draining, .moving, .settling][steps])
                let ready = try await reborn.readyTenants(now: fixture.now, limit: 9)
                #expect(ready == (steps > 1 ? [uuid] : []), "\(steps)")
                let later = try await fixture.accept(reborn, org)
                #expect(later.tenantID == (steps > 1 ? uuid : org))
                if steps < 2 {
                    #expect(try await reborn.startMoving(merge.id))
                    try await reborn.endMoving(merge.id, moved: 1, joined: 0, now: fixture.now)
                }
                while try await !reborn.settleMerge(merge.id, limit: 1, now: fixture.now) {}
                try await fixture.work(reborn, uuid)
                #expect(try await reborn.allJobs().map(\.state) == [.completed, .completed, .completed])
                await reborn.close()
            }
        }
    }

    @Test("a job that waits can be cancelled, and one without users ends when the merge has", arguments: QueueDriver.all)
    func cancelled(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let merge = try await begun(queue, org, uuid, fixture.now)
            let job = try await fixture.accept(queue, org)
            let empty = try await fixture.accept(queue, org, users: 0, size: 1)
            #expect(try await queue.endable(limit: 9).isEmpty)
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            #expect(try await queue.cancelling(limit: 9) == [job.id])
            _ = try await queue.drop(job.id, batches: [0], applied: [:], settledAhead: nil, now: fixture.now)
            try await fixture.end(queue, try #require(try await queue.job(job.id)))
            #expect(try await queue.job(job.id)?.state == .cancelled)
            try await merged(queue, merge, fixture.now)
            #expect(try await queue.endable(limit: 9).map(\.id) == [empty.id])
        }
    }

    @Test("a tenant has a part in one merge at a time, and becomes no alias otherwise", arguments: QueueDriver.all)
    func alone(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let merge = try await begun(queue, org, uuid, fixture.now)
            #expect(try await queue.beginMerge(of: org, into: uuid, now: fixture.now) == .present(merge))
            for (alias, tenant) in [(org, "bolt"), ("bolt", uuid), (uuid, org), ("bolt", org)] as [(TenantID, TenantID)] {
                #expect(
                    try await queue.beginMerge(of: alias, into: tenant, now: fixture.now) == .refused(.isMerging(merge)))
            }
            for (alias, tenant) in [(org, "bolt"), (uuid, "bolt"), ("x", org)] as [(TenantID, TenantID)] {
                #expect(
                    try await queue.setAlias(alias, of: tenant, hasUsers: false, now: fixture.now) == .refused(.isMerging))
            }
            try await fixture.accept(queue, "bolt")
            let job = try await fixture.accept(queue, "bolt", calling: [org])
            #expect(job.tenantID == "bolt" && job.warnings.count == 1, "a tenant that is being merged becomes no alias")
            #expect(try await queue.tenant(named: org) == org)
            // But a name that is unused may become one of its aliases.
            #expect(try await fixture.accept(queue, org, calling: ["corp"]).tenantID == org)
            #expect(try await queue.tenant(named: "corp") == org)
            try await merged(queue, merge, fixture.now)
            #expect(try await queue.tenant(named: "corp") == uuid)
        }
    }

    @Test("what comes under a name that is forgotten while a merge settles stays the name's own", arguments: QueueDriver.all)
    func forgotten(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for _ in 0..<3 { try await fixture.accept(queue, org) }
            try await fixture.work(queue, org, deliver: true)
            let merge = try await begun(queue, org, uuid, fixture.now)
            #expect(try await queue.startMoving(merge.id))
            try await queue.endMoving(merge.id, moved: 1, joined: 0, now: fixture.now)
            _ = try await queue.forgetAlias(org)
            let ended = try await fixture.accept(queue, org)
            try await fixture.work(queue, org, deliver: true)
            let open = try await fixture.accept(queue, org)
            while try await !queue.settleMerge(merge.id, limit: 1, now: fixture.now) {}
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == [org])
            try await fixture.work(queue, org)
            for job in [ended, open] {
                let job = try #require(try await queue.job(job.id))
                #expect(job.tenantID == org && job.state == .completed)
            }
            #expect(try await queue.delivery("msg_\(ended.id)")?.what.tenantID == org)
            #expect(try await queue.allJobs().map(\.tenantID) == [org, org, uuid, uuid, uuid])
            #expect(try await driver.audit(queue) == [])
        }
    }

    @Test("nor after a crash: no number is used twice", arguments: QueueDriver.all)
    func forgottenBeforeCrash(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, org)
            try await fixture.work(queue, org)
            let merge = try await begun(queue, org, uuid, fixture.now)
            #expect(try await queue.startMoving(merge.id))
            try await queue.endMoving(merge.id, moved: 1, joined: 0, now: fixture.now)
            _ = try await queue.forgetAlias(org)
            let reborn = try await driver.killed(fixture)
            let ended = try await fixture.accept(reborn, org)
            try await fixture.work(reborn, org)
            let open = try await fixture.accept(reborn, org)
            while try await !reborn.settleMerge(merge.id, limit: 1, now: fixture.now) {}
            for job in [ended, open] { #expect(try await reborn.job(job.id)?.tenantID == org) }
            #expect(try await reborn.readyTenants(now: fixture.now, limit: 9) == [org])
            #expect(try await driver.audit(reborn) == [])
            await reborn.close()
        }
    }

    @Test("in order, webhooks of the name that wait stand among those of the tenant by their ends", arguments: QueueDriver.all)
    func webhooks(_ driver: QueueDriver) async throws {
        var limits = QueueLimits()
        limits.webhookOrder = .tenant
        try await driver.withQueue(limits: limits) { fixture, queue in
            var sent: [String] = []
            for name in [uuid, org, org, uuid, org] {
                sent.append("msg_\(try await fixture.accept(queue, name).id)")
                try await fixture.work(queue, name, deliver: true)
            }
            try await merged(queue, try await begun(queue, org, uuid, fixture.now), fixture.now)
            for (place, name) in [uuid, org, org, uuid, org].enumerated() {
                let leased = try await fixture.leaseDeliveries(queue)
                #expect(leased.map(\.delivery.what.id) == [sent[place]], "one at a time, in order")
                let first = try #require(leased.first)
                #expect(first.delivery.what.tenantID == uuid && first.delivery.what.shownTenantID == name)
                try await queue.record(DeliveryAttempt(first, at: fixture.now, status: 200, error: nil, next: .delivered))
            }
        }
    }

    @Test("in order, a webhook of a name forgotten meanwhile waits for none that became the tenant's", arguments: QueueDriver.all)
    func webhooksOfForgotten(_ driver: QueueDriver) async throws {
        var limits = QueueLimits()
        limits.webhookOrder = .tenant
        try await driver.withQueue(limits: limits) { fixture, queue in
            for _ in 0..<2 {
                try await fixture.accept(queue, org)
                try await fixture.work(queue, org, deliver: true)
            }
            let merge = try await begun(queue, org, uuid, fixture.now)
            #expect(try await queue.startMoving(merge.id))
            try await queue.endMoving(merge.id, moved: 1, joined: 0, now: fixture.now)
            _ = try await queue.forgetAlias(org)
            let own = try await fixture.accept(queue, org)
            try await fixture.work(queue, org, deliver: true)
            while try await !queue.settleMerge(merge.id, limit: 5, now: fixture.now) {}
            let leased = try await fixture.leaseDeliveries(queue)
            #expect(Set(leased.map(\.delivery.what.tenantID)) == [org, uuid] && leased.count == 2)
            #expect(leased.contains { $0.delivery.what.id == "msg_\(own.id)" })
        }
    }

    @Test("merges are listed, the newest first", arguments: QueueDriver.all)
    func lists(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var begun: [TenantMerge] = []
            for n in 0..<3 { begun.append(try await self.begun(queue, TenantID("a\(n)"), TenantID("t\(n)"), fixture.now)) }
            let first = try await queue.merges(limit: 2, cursor: nil)
            let rest = try await queue.merges(limit: 2, cursor: first.nextCursor)
            #expect(first.items + rest.items == begun.reversed() && rest.nextCursor == nil)
            await #expect(throws: QueueError.badCursor) { try await queue.merges(limit: 2, cursor: "x") }
            for n in 3..<TenantMerge.mostOpen {
                _ = try await self.begun(queue, TenantID("a\(n)"), TenantID("t\(n)"), fixture.now)
            }
            #expect(try await queue.beginMerge(of: "y", into: "z", now: fixture.now) == .refused(.tooManyMerges))
            #expect(try await queue.merge(99_999) == nil)
            #expect(try await queue.cancelMerge(99_999, now: fixture.now) == nil)
        }
    }
}
