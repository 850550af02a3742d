import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Names of a request that cannot be one tenant's")
struct TenantContradictionTests {
    private let uuid = TenantNamesTests.uuid
    private let otherUUID = TenantNamesTests.otherUUID
    private let org = TenantNamesTests.org
    private let otherOrg: TenantID = "org_bolt2"
    private let label = TenantNamesTests.label

    private func withQueue(
        _ driver: QueueDriver, _ mode: TenantAliases = .learn, _ body: (QueueFixture, any JobQueue) async throws -> Void
    ) async throws {
        var limits = QueueLimits()
        limits.tenantAliases = mode
        try await driver.withQueue(limits: limits, body)
    }

    @Test(
        "two names of one kind are two tenants: a warning names the other, and nothing is learnt of any name",
        arguments: QueueDriver.all, [TenantAliases.learn, .fixed, .off])
    func sameKind(_ driver: QueueDriver, mode: TenantAliases) async throws {
        for (sent, other) in [(org, otherOrg), (uuid, otherUUID)] {
            for areUsed in [true, false] {
                try await withQueue(driver, mode) { fixture, queue in
                    if areUsed { for name in [sent, other] { try await fixture.accept(queue, name) } }
                    let job = try await fixture.accept(queue, sent, calling: [other, label])
                    #expect(job.tenantID == sent && job.warnings.count == 1)
                    #expect(job.warnings.allSatisfy { $0.contains(other.text) })
                    #expect(try await queue.job(job.id)?.warnings == job.warnings)
                    for name in [sent, other, label] { #expect(try await queue.tenant(named: name) == name) }
                }
            }
        }
    }

    @Test("two names of one kind that an operator made one are no contradiction", arguments: QueueDriver.all)
    func oneTenant(_ driver: QueueDriver) async throws {
        for mode in [TenantAliases.learn, .fixed] {
            try await withQueue(driver, mode) { fixture, queue in
                _ = try await queue.setAlias(otherOrg, of: org, hasUsers: false, now: fixture.now)
                for (sent, other) in [(org, otherOrg), (otherOrg, org)] {
                    let job = try await fixture.accept(queue, sent, calling: [other])
                    #expect(job.tenantID == org && job.warnings.isEmpty)
                }
                // What else the request says is learnt as ever.
                try await fixture.accept(queue, org, calling: [otherOrg, label])
                #expect(try await queue.tenant(named: label) == (mode == .learn ? org : label))
            }
        }
    }

    @Test(
        "two labels are what the guide's callers send: the id they gave the tenant, and its subdomain",
        arguments: QueueDriver.all)
    func labels(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            try await fixture.accept(queue, label)
            let job = try await fixture.accept(queue, "t1", calling: [label])
            #expect(job.tenantID == "t1" && job.warnings.isEmpty)
            #expect(try await queue.tenant(named: label) == label)
        }
    }

    @Test(
        "a header that names no tenant is a mistake, if the request names one elsewhere", arguments: QueueDriver.all,
        ["undefined", "null", "NULL", "[object Object]", "org_undefined", "00000000-0000-0000-0000-000000000000"])
    func mistakes(_ driver: QueueDriver, sent: String) async throws {
        try await withQueue(driver) { fixture, queue in
            for name in [org, otherOrg, label] {
                let job = try await fixture.accept(queue, TenantID(sent), calling: [name])
                #expect(job.tenantID == TenantID(sent) && job.warnings.count == 1)
                #expect(job.warnings.allSatisfy { $0.contains(sent) && $0.contains(name.text) })
                #expect(try await queue.tenant(named: name) == name)
            }
            #expect(try await fixture.accept(queue, TenantID(sent)).warnings.isEmpty, "nothing says better")
            #expect(try await fixture.accept(queue, TenantID(sent), calling: ["undefined"]).warnings.isEmpty)
        }
    }

    @Test("an id of no known form is a name all the same", arguments: QueueDriver.all, ["Acme Ltd", "42", "t_1"])
    func otherIDs(_ driver: QueueDriver, sent: String) async throws {
        try await withQueue(driver) { fixture, queue in
            let job = try await fixture.accept(queue, TenantID(sent), calling: [org])
            #expect(job.warnings.isEmpty)
            #expect(try await queue.tenant(named: org) == org)
        }
    }

    @Test("nothing is learnt of a name that is an alias of itself, whichever of its names is sent", arguments: QueueDriver.all)
    func ofItself(_ driver: QueueDriver) async throws {
        for isUsed in [true, false] {
            try await withQueue(driver) { fixture, queue in
                _ = try await queue.setAlias(org, of: org, hasUsers: false, now: fixture.now)
                if isUsed { try await fixture.accept(queue, org) }
                for (sent, other) in [(uuid, org), (org, uuid)] {
                    let job = try await fixture.accept(queue, sent, calling: [other])
                    #expect(job.tenantID == sent && job.warnings.count == 1)
                    #expect(job.warnings.allSatisfy { $0.contains(other.text) })
                    for name in [uuid, org] { #expect(try await queue.tenant(named: name) == name) }
                }
                // What an operator gives it counts as for any other.
                _ = try await queue.setAlias(label, of: org, hasUsers: false, now: fixture.now)
                let job = try await fixture.accept(queue, label, calling: [org])
                #expect(job.tenantID == org && job.warnings.isEmpty)
                #expect(try await fixture.accept(queue, label, calling: [otherUUID]).warnings.count == 1)
                #expect(try await queue.tenant(named: otherUUID) == otherUUID)
            }
        }
    }
}
