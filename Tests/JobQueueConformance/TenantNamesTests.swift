import JobQueue
package import SyncModel
import TestSupport
import Testing

@Suite("One tenant under several names")
package struct TenantNamesTests {
    package static let uuid: TenantID = "3f2b6c1e-0d4a-4b8f-9a51-7c2e9d3f1a01"
    static let otherUUID: TenantID = "3f2b6c1e-0d4a-4b8f-9a51-7c2e9d3f1a02"
    package static let org: TenantID = "org_acme9f3"
    static let label: TenantID = "acme"
    private let uuid = Self.uuid
    private let otherUUID = Self.otherUUID
    private let org = Self.org
    private let label = Self.label

    private func withQueue(
        _ driver: QueueDriver, _ mode: TenantAliases = .learn, order: WebhookOrder = .any,
        _ body: (QueueFixture, any JobQueue) async throws -> Void
    ) async throws {
        var limits = QueueLimits()
        (limits.tenantAliases, limits.webhookOrder) = (mode, order)
        try await driver.withQueue(limits: limits, body)
    }

    @Test("names that come together before anything else are one tenant, that of the sent name", arguments: QueueDriver.all)
    func learns(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            let first = try await fixture.accept(queue, uuid, calling: [org, label])
            #expect(first.tenantID == uuid && first.sentTenantID == uuid && first.warnings.isEmpty)
            let second = try await fixture.accept(queue, org)
            let third = try await fixture.accept(queue, label)
            #expect([second, third].map(\.tenantID) == [uuid, uuid])
            #expect([second, third].map(\.sentTenantID) == [org, label])
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == [uuid], "one line for all")
            #expect(try await queue.statistics(now: fixture.now).tenants.map(\.openJobs) == [3])
            let leased = try await fixture.lease(queue, uuid)
            #expect(leased.map(\.jobID) == [first.id] && leased.map(\.tenantID) == [uuid])
            await queue.release(leased.map(\.lease))
            try await fixture.work(queue, uuid)
            for (place, job) in [first, second, third].enumerated() {
                let ended = try #require(try await queue.job(job.id))
                #expect(ended.sequence == Int64(place + 1) && ended.sentTenantID == job.sentTenantID)
            }
        }
    }

    @Test("what was learnt is there after a kill, and when the jobs are gone", arguments: QueueDriver.all)
    func stays(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            let waiting = try await fixture.accept(queue, org)
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.job(waiting.id) == waiting)
            #expect(try await reborn.tenant(named: org) == uuid)
            try await fixture.work(reborn, uuid)
            try await reborn.ledgerForgotten(try await reborn.endedWithLedger(endedBefore: .distantFuture, limit: 9))
            let later = fixture.now.advanced(bySeconds: 1e7)
            #expect(try await reborn.prune(jobsBefore: later, keysBefore: later, limit: 9) == 2)
            #expect(try await reborn.tenant(named: org) == uuid)
            await reborn.close()
        }
    }

    @Test("a tenant known by another name keeps that as its own", arguments: QueueDriver.all)
    func joins(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, org)
            let joined = try await fixture.accept(queue, uuid, calling: [org, label])
            #expect(joined.tenantID == org && joined.sentTenantID == uuid)
            #expect(try await fixture.accept(queue, label).tenantID == org)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == [org])
        }
    }

    @Test(
        "two that are both in use stay two, with a warning; nor does such a request teach its third name",
        arguments: QueueDriver.all)
    func bothUsed(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, org)
            try await fixture.accept(queue, uuid)
            let job = try await fixture.accept(queue, uuid, calling: [org, label])
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            #expect(job.warnings.allSatisfy { $0.contains(org.text) })
            #expect(try await queue.job(job.id)?.warnings == job.warnings)
            #expect(try await queue.tenant(named: org) == org)
            #expect(try await queue.tenant(named: label) == label)
        }
    }

    @Test("jobs that are gone count as use: their users are not", arguments: QueueDriver.all)
    func usedOnce(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            for name in [uuid, org] {
                try await fixture.accept(queue, name)
                try await fixture.work(queue, name)
            }
            try await queue.ledgerForgotten(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 9))
            let later = fixture.now.advanced(bySeconds: 1e7)
            #expect(try await queue.prune(jobsBefore: later, keysBefore: later, limit: 9) == 2)
            let job = try await fixture.accept(queue, uuid, calling: [org])
            #expect(job.tenantID == uuid && job.warnings.count == 1)
        }
    }

    @Test("users that others wrote count as use too", arguments: QueueDriver.all)
    func users(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            let job = try await fixture.accept(queue, uuid, calling: [org], withUsers: [org])
            #expect(job.tenantID == org, "the tenant whose users are there")
        }
        try await withQueue(driver) { fixture, queue in
            let job = try await fixture.accept(queue, uuid, calling: [org], withUsers: [org, uuid])
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            #expect(try await queue.tenant(named: org) == org)
        }
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, uuid)
            let job = try await fixture.accept(queue, uuid, calling: [org], withUsers: [org])
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            #expect(try await queue.tenant(named: org) == org)
        }
    }

    @Test("without the directory's word nothing is learnt, and a warning says so; later it is", arguments: QueueDriver.all)
    func unknownUsers(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            let job = try await fixture.accept(queue, uuid, calling: [org], withUsers: nil)
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            #expect(try await queue.tenant(named: org) == org)
            try await fixture.accept(queue, uuid, calling: [org])
            #expect(try await queue.tenant(named: org) == uuid)
            #expect(try await queue.unasked(TenantNames(sent: uuid, others: [org])).isEmpty, "once it is known nobody is asked")
        }
    }

    @Test("a job accepted after the directory was asked counts: the answer was older", arguments: QueueDriver.all)
    func usedMeanwhile(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            var late = fixture.newJob(uuid, users: 1)
            late.otherTenantIDs = [org]
            #expect(Set(try await queue.unasked(late.tenantNames)) == [uuid, org])
            late.hasUsers = [uuid: false, org: false]
            try await fixture.accept(queue, org)
            try await fixture.accept(queue, uuid)
            let job = try await queue.accept(late, upload: nil, batches: batches(1))
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            #expect(try await queue.tenant(named: org) == org)
        }
    }

    @Test("a name in use elsewhere, with another name of the same kind, draws no second tenant in", arguments: QueueDriver.all)
    func reusedName(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [label])
            // The label was given to another company.
            let other = try await fixture.accept(queue, otherUUID, calling: [label])
            #expect(other.tenantID == otherUUID && other.warnings.count == 1)
            #expect(try await queue.tenant(named: label) == uuid)
            #expect(try await queue.tenant(named: otherUUID) == otherUUID)
        }
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, label)
            try await fixture.accept(queue, uuid, calling: [label])
            let other = try await fixture.accept(queue, otherUUID, calling: [label])
            #expect(other.tenantID == otherUUID && other.warnings.count == 1)
        }
    }

    @Test("a request whose names lead to two tenants teaches nothing, though its own is new", arguments: QueueDriver.all)
    func twoTenants(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, org)
            try await fixture.accept(queue, label)
            let job = try await fixture.accept(queue, uuid, calling: [org, label])
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            for name in [uuid, org, label] { #expect(try await queue.tenant(named: name) == name) }
        }
    }

    @Test("two tenants that have further names never join, and no name stands for an alias", arguments: QueueDriver.all)
    func chains(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            let label2: TenantID = "bolt"
            try await fixture.accept(queue, otherUUID, calling: [label2])
            // By their aliases alone: one kind each, so only that they are known keeps them apart.
            let job = try await fixture.accept(queue, org, calling: [label2])
            #expect(job.tenantID == uuid && job.warnings.count == 1)
            #expect(try await fixture.accept(queue, org, calling: [label]).tenantID == uuid)
            #expect(try await queue.tenant(named: label) == uuid, "not org, which is an alias")
        }
    }

    @Test(
        "what stands in the place of a name teaches nothing", arguments: QueueDriver.all,
        [
            "undefined", "null", "", " ", "0", "acme ltd", "org_", "org_undefined", "ACME", "a.b",
            "00000000-0000-0000-0000-000000000000",
        ])
    func mistakes(_ driver: QueueDriver, name: String) async throws {
        try await withQueue(driver) { fixture, queue in
            let job = try await fixture.accept(queue, uuid, calling: [TenantID(name)])
            #expect(job.tenantID == uuid && job.warnings.isEmpty)
            #expect(try await queue.tenant(named: TenantID(name)) == TenantID(name))
            // Nor does a request that may not have named its tenant at all.
            guard !name.isEmpty else { return }
            try await fixture.accept(queue, TenantID(name), calling: [org])
            #expect(try await queue.tenant(named: org) == org)
        }
    }

    @Test("names differ by their bytes", arguments: QueueDriver.all)
    func bytes(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            #expect(try await queue.tenant(named: TenantID(org.text.uppercased())) != uuid)
            #expect(try await queue.tenant(named: TenantID(uuid.text.uppercased())) != uuid)
        }
    }

    @Test("fixed names count but no more are learnt; off, each name is a tenant", arguments: QueueDriver.all)
    func modes(_ driver: QueueDriver) async throws {
        for mode in [TenantAliases.fixed, .off] {
            try await withQueue(driver, mode) { fixture, queue in
                #expect(try await queue.unasked(TenantNames(sent: uuid, others: [org])).isEmpty)
                var new = fixture.newJob(uuid, users: 1)
                (new.otherTenantIDs, new.hasUsers) = ([org], [uuid: false, org: false])
                let job = try await queue.accept(new, upload: nil, batches: batches(1))
                #expect(job.tenantID == uuid && job.warnings.isEmpty)
                #expect(try await queue.tenant(named: org) == org)
            }
        }
    }

    @Test("a retry keeps the tenant and the sent name", arguments: QueueDriver.all)
    func retries(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            let job = try await fixture.accept(queue, org)
            try await fixture.work(queue, uuid, failing: [0])
            let request = try await queue.retryFailed(of: job.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now)
            guard case .linked(let linked, existing: false) = request else {
                Issue.record("\(request)")
                return
            }
            #expect(linked.tenantID == uuid && linked.sentTenantID == org)
            #expect(try await queue.job(linked.id) == linked)
        }
    }

    @Test("lists take any name of a tenant", arguments: QueueDriver.all)
    func lists(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            let jobs = [try await fixture.accept(queue, uuid, calling: [org]), try await fixture.accept(queue, org)]
            try await fixture.accept(queue, label)
            try await fixture.work(queue, uuid, deliver: true)
            for name in [uuid, org] {
                var filter = JobFilter()
                filter.tenantID = name
                #expect(try await queue.allJobs(filter).map(\.id) == jobs.reversed().map(\.id))
                var deliveries = DeliveryFilter()
                deliveries.tenantID = name
                let page = try await queue.deliveries(deliveries, limit: 9, cursor: nil).items
                #expect(page.map(\.what.shownTenantID) == [org, uuid], "each under the name that was sent")
                #expect(page.map(\.what.tenantID) == [uuid, uuid])
            }
            for job in jobs { try await fixture.attempt(queue, "msg_\(job.id)", .dead) }
            let again = try await queue.redeliverDead(ofJob: nil, ofTenant: org, limit: 9, cursor: nil, now: fixture.now)
            #expect(again.count == 2)
        }
    }

    @Test("observers are told what was learnt, what contradicts, and what could not be learnt", arguments: QueueDriver.all)
    func told(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, uuid)
            #expect(fixture.events.takeDecisions().isEmpty)
            try await fixture.accept(queue, uuid, calling: [org], withUsers: nil)
            #expect(fixture.events.takeDecisions().map(\.unasked) == [[org]])
            try await fixture.accept(queue, uuid, calling: [org, label])
            #expect(fixture.events.takeDecisions().map(\.learnt) == [[org, label]])
            try await fixture.accept(queue, uuid, calling: [org, label])
            #expect(fixture.events.takeDecisions().isEmpty, "nothing new")
            try await fixture.accept(queue, otherUUID, calling: [org])
            #expect(fixture.events.takeDecisions().map(\.contradiction) == [org])
        }
    }

    @Test("with WEBHOOK_ORDER=tenant the webhooks of all its names have one order", arguments: QueueDriver.all)
    func order(_ driver: QueueDriver) async throws {
        try await withQueue(driver, order: .tenant) { fixture, queue in
            let jobs = [try await fixture.accept(queue, uuid, calling: [org]), try await fixture.accept(queue, org)]
            try await fixture.work(queue, uuid, deliver: true)
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.jobID) == [jobs[0].id])
        }
    }
}
