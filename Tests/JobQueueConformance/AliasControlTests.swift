import JobQueue
import Synchronization
import SyncModel
import TestSupport
import Testing

@Suite("Aliases that operators set")
struct AliasControlTests {
    private let uuid = TenantNamesTests.uuid
    private let otherUUID = TenantNamesTests.otherUUID
    private let org = TenantNamesTests.org
    private let label = TenantNamesTests.label

    private func set(
        _ queue: any JobQueue, _ alias: TenantID, _ tenant: TenantID, hasUsers: Bool = false, _ fixture: QueueFixture
    ) async throws -> AliasChange {
        try await queue.setAlias(alias, of: tenant, hasUsers: hasUsers, now: fixture.now)
    }

    @Test("a name that was set stands for the tenant, also where nothing is learnt, and after a kill", arguments: QueueDriver.all)
    func counts(_ driver: QueueDriver) async throws {
        for mode in [TenantAliases.learn, .fixed] {
            var limits = QueueLimits()
            limits.tenantAliases = mode
            try await driver.withQueue(limits: limits) { fixture, queue in
                let alias = TenantAlias(alias: org, tenantID: uuid, origin: .set, since: fixture.now)
                #expect(try await set(queue, org, uuid, fixture) == .set(alias))
                #expect(try await set(queue, org, uuid, fixture) == .unchanged(alias))
                // By any of its names: there are no chains.
                guard case .set(let second) = try await set(queue, "Acme Ltd", org, fixture) else {
                    Issue.record("it is not set")
                    return
                }
                #expect(second.tenantID == uuid)
                let job = try await fixture.accept(queue, "Acme Ltd")
                #expect(job.tenantID == uuid && job.sentTenantID == "Acme Ltd")
                let reborn = try await driver.killed(fixture)
                #expect(try await reborn.tenant(named: org) == uuid)
                await reborn.close()
            }
        }
    }

    @Test("off, what was set does not count", arguments: QueueDriver.all)
    func off(_ driver: QueueDriver) async throws {
        var limits = QueueLimits()
        limits.tenantAliases = .off
        try await driver.withQueue(limits: limits) { fixture, queue in
            _ = try await set(queue, org, uuid, fixture)
            #expect(try await queue.tenant(named: org) == org)
            #expect(try await fixture.accept(queue, org).tenantID == org)
        }
    }

    @Test("a name that is a tenant is refused, and so is one that other names stand for", arguments: QueueDriver.all)
    func refused(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, org)
            #expect(try await set(queue, org, uuid, fixture) == .refused(.hasOpenJobs))
            #expect(try await set(queue, label, uuid, hasUsers: true, fixture) == .refused(.hasUsers))
            _ = try await set(queue, uuid, org, fixture)
            #expect(try await set(queue, uuid, otherUUID, fixture) == .refused(.isOf(org)))
            #expect(try await set(queue, org, uuid, fixture) == .refused(.hasAliases), "they are one, the other way round")
            _ = try await set(queue, label, "bolt", fixture)
            #expect(try await set(queue, "bolt", org, fixture) == .refused(.hasAliases))
        }
        try await driver.withQueue { fixture, queue in
            for n in 0..<TenantAlias.mostOfTenant { _ = try await set(queue, TenantID("alias-\(n)"), uuid, fixture) }
            #expect(try await set(queue, "one-more", uuid, fixture) == .refused(.tooMany))
        }
    }

    @Test(
        "a name whose jobs have ended and left no users is set, and the tenant's numbers go on above its own",
        arguments: QueueDriver.all)
    func afterJobs(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for _ in 0..<3 { try await fixture.accept(queue, org) }
            try await fixture.accept(queue, uuid)
            try await fixture.work(queue, org)
            try await fixture.work(queue, uuid)
            let moment = fixture.now
            #expect(try await set(queue, org, uuid, hasUsers: true, fixture) == .refused(.hasOpenJobs), "it has just ended")
            fixture.clock.advance(1)
            #expect(try await set(queue, org, uuid, hasUsers: true, fixture) == .refused(.hasUsers))
            #expect(
                try await queue.setAlias(org, of: uuid, hasUsers: false, now: moment) == .refused(.hasOpenJobs),
                "one that ended after the question may have made users")
            guard case .set = try await set(queue, org, uuid, fixture) else {
                Issue.record("it is not set")
                return
            }
            let job = try await fixture.accept(queue, org)
            #expect(job.tenantID == uuid)
            try await fixture.work(queue, uuid)
            #expect(try await queue.job(job.id)?.sequence == 4)
        }
    }

    @Test("however many names a tenant was given, two of one kind stay two tenants", arguments: QueueDriver.all)
    func manyNames(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for n in 0..<TenantAlias.mostOfTenant { _ = try await set(queue, TenantID("0-alias-\(n)"), org, fixture) }
            #expect(try await fixture.accept(queue, uuid, calling: [org]).tenantID == org)
            let other = try await fixture.accept(queue, otherUUID, calling: [org])
            #expect(other.tenantID == otherUUID && other.warnings.count == 1)
        }
    }

    @Test(
        "a retry of a job that ended under a name before that was set is the tenant's, not the name's", arguments: QueueDriver.all
    )
    func retried(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, org)
            try await fixture.work(queue, org, failing: [0])
            fixture.clock.advance(1)
            _ = try await set(queue, org, uuid, fixture)
            let request = try await queue.retryFailed(of: job.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now)
            guard case .linked(let linked, existing: false) = request else {
                Issue.record("\(request)")
                return
            }
            #expect(linked.tenantID == uuid && linked.sentTenantID == org, "nobody reaches what is written under the name")
            #expect(try await queue.job(linked.id) == linked)
            try await fixture.work(queue, uuid)
            #expect(try await queue.job(linked.id)?.state == .completed)
        }
    }

    @Test("a name that was forgotten is a tenant of its own; what came under it stays where it is", arguments: QueueDriver.all)
    func forgotten(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            let waiting = try await fixture.accept(queue, org)
            #expect(try await queue.forgetAlias(org)?.tenantID == uuid)
            #expect(try await queue.forgetAlias(org) == nil)
            #expect(try await fixture.accept(queue, org).tenantID == org)
            try await fixture.work(queue, uuid, failing: [0])
            #expect(try await queue.job(waiting.id)?.sequence == 2)
            // Its failed user is the tenant's, whatever the name stands for by now.
            let request = try await queue.retryFailed(
                of: waiting.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now)
            guard case .linked(let linked, existing: false) = request else {
                Issue.record("\(request)")
                return
            }
            #expect(linked.tenantID == uuid && linked.sentTenantID == org)
        }
    }

    @Test("the numbers of a name that was forgotten go on above those that receivers saw under it", arguments: QueueDriver.all)
    func numbersAfterForgetting(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            func ended(_ name: TenantID, _ tenant: TenantID) async throws -> Int64? {
                let job = try await fixture.accept(queue, name)
                try await fixture.work(queue, tenant)
                return try await queue.job(job.id)?.sequence
            }
            _ = try await set(queue, org, uuid, fixture)
            for number in 1...3 { #expect(try await ended(org, uuid) == Int64(number)) }
            // Two are open when it is forgotten, and are told under the name.
            let open = [try await fixture.accept(queue, org), try await fixture.accept(queue, org)]
            _ = try await queue.forgetAlias(org)
            #expect(try await ended(org, org) == 4)
            try await fixture.work(queue, uuid)
            var sequences: [Int64?] = []
            for job in open { sequences.append(try await queue.job(job.id)?.sequence) }
            #expect(sequences == [5, 6], "the tenant's go on above what the name has sent")
            #expect(try await ended(org, org) == 7)
            #expect(try await ended(uuid, uuid) == 7, "which are two tenants now")
            // And back: what the name has sent by itself was higher.
            #expect(try await ended(org, org) == 8)
            fixture.clock.advance(1)
            _ = try await set(queue, org, uuid, fixture)
            #expect(try await ended(org, uuid) == 9)
        }
    }

    @Test("with TENANT_ALIASES=off the numbers under a name go on too", arguments: QueueDriver.all)
    func numbersWhenOff(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            func ended(_ queue: any JobQueue, _ tenant: TenantID) async throws -> Int64? {
                let job = try await fixture.accept(queue, org)
                try await fixture.work(queue, tenant)
                return try await queue.job(job.id)?.sequence
            }
            _ = try await set(queue, org, uuid, fixture)
            for number in 1...2 { #expect(try await ended(queue, uuid) == Int64(number)) }
            var limits = QueueLimits()
            limits.tenantAliases = .off
            let next = QueueFixture(limits: limits)
            next.place.withLock { $0 = fixture.place.withLock { $0 } }
            next.queue.withLock { $0 = queue }
            let off = try await driver.killed(next)
            for number in 3...4 { #expect(try await ended(off, org) == Int64(number)) }
            await off.close()
        }
    }

    @Test("a name that was forgotten unused may be learnt again, and that it had numbers is no use", arguments: QueueDriver.all)
    func learntAgain(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            let first = try await fixture.accept(queue, org)
            try await fixture.work(queue, uuid)
            _ = try await queue.forgetAlias(org)
            #expect(try await !queue.hasJobs(org))
            let again = try await fixture.accept(queue, uuid, calling: [org])
            #expect(again.warnings.isEmpty)
            #expect(try await queue.tenant(named: org) == uuid)
            #expect(try await queue.job(first.id)?.sequence == 2)
        }
    }

    @Test("a tenant is known once a job of it was accepted, by any of its names", arguments: QueueDriver.all)
    func known(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            _ = try await set(queue, org, uuid, fixture)
            for name in [org, uuid, label] { #expect(try await !queue.hasJobs(name)) }
            try await fixture.accept(queue, org)
            for name in [org, uuid] { #expect(try await queue.hasJobs(name)) }
            #expect(try await !queue.hasJobs(label))
        }
        try await driver.withQueue { fixture, queue in
            // The numbers go on above those of a name that has ended jobs: that makes its tenant none that is known.
            try await fixture.accept(queue, org)
            try await fixture.work(queue, org)
            fixture.clock.advance(1)
            _ = try await set(queue, org, uuid, fixture)
            #expect(try await !queue.hasJobs(uuid))
            let first = try await fixture.accept(queue, uuid)
            try await fixture.work(queue, uuid)
            #expect(try await queue.job(first.id)?.sequence == 2)
            #expect(try await queue.hasJobs(uuid))
        }
    }

    @Test("a name set as an alias of itself is never learnt", arguments: QueueDriver.all)
    func ofItself(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            #expect(
                try await set(queue, label, label, fixture)
                    == .set(TenantAlias(alias: label, tenantID: label, origin: .set, since: fixture.now)))
            try await fixture.accept(queue, uuid)
            let job = try await fixture.accept(queue, uuid, calling: [label])
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            #expect(try await fixture.accept(queue, label).tenantID == label)
        }
    }

    @Test(
        "what ended under a name before it was set is found by that name, in order with the tenant's, page by page",
        arguments: QueueDriver.all)
    func listsAfterSet(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for round in 0..<3 {
                for name in [org, uuid] {
                    jobs.append(try await fixture.accept(queue, name, users: 1, source: round == 1 ? "other" : "wrapper"))
                    try await fixture.work(queue, name, deliver: true)
                }
            }
            for job in jobs { try await fixture.attempt(queue, "msg_\(job.id)", .dead) }
            fixture.clock.advance(1)
            _ = try await set(queue, org, uuid, fixture)
            let ofTenant = jobs.filter { $0.tenantID == uuid }
            for (name, found) in [(org, jobs), (uuid, ofTenant)] {
                for source in [nil, "other"] {
                    var filter = JobFilter()
                    (filter.tenantID, filter.source) = (name, source)
                    let wanted = found.filter { source ?? $0.source == $0.source }.map(\.id)
                    #expect(try await queue.allJobs(filter).map(\.id) == wanted.reversed())
                }
                var filter = DeliveryFilter()
                filter.tenantID = name
                var (met, cursor): ([JobID?], String?) = ([], nil)
                repeat {
                    let page = try await queue.deliveries(filter, limit: 2, cursor: cursor)
                    met += page.items.map(\.what.jobID)
                    cursor = page.nextCursor
                } while cursor != nil
                #expect(met == found.map(\.id).reversed())
                filter.jobID = jobs[0].id
                #expect(try await queue.deliveries(filter, limit: 2, cursor: nil).items.count == (name == org ? 1 : 0))
            }
            for (name, counts) in [(org, [2, 2, 2]), (uuid, [0])] {
                var (met, cursor): ([Int], String?) = ([], nil)
                repeat {
                    let again = try await queue.redeliverDead(
                        ofJob: nil, ofTenant: name, limit: 2, cursor: cursor, now: fixture.now)
                    met.append(again.count)
                    cursor = again.nextCursor
                } while cursor != nil
                // The first leaves nothing, however its pages fall among the two.
                #expect(met == counts)
            }
            try await fixture.attempt(queue, "msg_\(jobs[0].id)", .dead)
            for (name, count) in [(uuid, 0), (org, 1)] {
                let again = try await queue.redeliverDead(
                    ofJob: jobs[0].id, ofTenant: name, limit: 2, cursor: nil, now: fixture.now)
                #expect(again.count == count)
            }
        }
    }

    @Test("are listed, the newest first, page by page, and by any name of their tenant", arguments: QueueDriver.all)
    func listed(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            _ = try await set(queue, label, uuid, fixture)
            _ = try await set(queue, "bolt", otherUUID, fixture)
            var (found, cursor): ([TenantID], String?) = ([], nil)
            repeat {
                let page = try await queue.aliases(of: nil, limit: 2, cursor: cursor)
                found += page.items.map(\.alias)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(found == ["bolt", label, org])
            for name in [uuid, org] {
                let page = try await queue.aliases(of: name, limit: 9, cursor: nil)
                #expect(page.items.map(\.alias) == [label, org] && page.nextCursor == nil)
                #expect(page.items.map(\.origin) == [.set, .learnt])
            }
            await #expect(throws: QueueError.badCursor) { _ = try await queue.aliases(of: nil, limit: 9, cursor: "j1") }
        }
    }
}
