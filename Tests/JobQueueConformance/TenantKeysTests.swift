import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Idempotency keys of a tenant under several names")
struct TenantKeysTests {
    private let uuid = TenantNamesTests.uuid
    private let org = TenantNamesTests.org

    private func known(_ queue: any JobQueue, _ name: TenantID, _ fixture: QueueFixture) async throws -> IdempotencyClaim {
        try await queue.claim(tenantID: name, path: "/sync", key: "k", now: fixture.now)
    }

    @Test("a key is the tenant's, by whichever name it is used", arguments: QueueDriver.all)
    func oneKey(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, uuid, calling: [org])
            let claim = try await fixture.claim(queue, "k", of: org)
            #expect(try await known(queue, uuid, fixture) == .arriving)
            let job = fixture.newJob(org, users: 1, idempotency: .init(claim: claim, bodyHash: [1]))
            _ = try await queue.accept(job, upload: nil, batches: batches(1))
            for name in [uuid, org] { #expect(try await known(queue, name, fixture) == .known(job: job.id, bodyHash: [1])) }
        }
    }

    @Test("a key claimed by a name that its own request makes an alias is found by both names", arguments: QueueDriver.all)
    func learntByItsRequest(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, org)
            var job = fixture.newJob(
                uuid, users: 1, idempotency: .init(claim: try await fixture.claim(queue, "k", of: uuid), bodyHash: [1]))
            job.otherTenantIDs = [org]
            job.hasUsers = [uuid: false]
            #expect(try await queue.accept(job, upload: nil, batches: batches(1)).tenantID == org)
            for name in [uuid, org] { #expect(try await known(queue, name, fixture) == .known(job: job.id, bodyHash: [1])) }
        }
    }

    @Test(
        "of two requests with one key under two names that became one tenant, one is accepted", arguments: QueueDriver.all,
        [0, 1])
    func oneOfTwo(_ driver: QueueDriver, first: Int) async throws {
        try await driver.withQueue { fixture, queue in
            let names = [uuid, org]
            let claims = [try await fixture.claim(queue, "k", of: uuid), try await fixture.claim(queue, "k", of: org)]
            try await fixture.accept(queue, uuid, calling: [org])
            let jobs = zip(names, claims).map { name, claim in
                fixture.newJob(name, users: 1, idempotency: .init(claim: claim, bodyHash: [1]))
            }
            let (won, lost) = (jobs[first], jobs[1 - first])
            _ = try await queue.accept(won, upload: nil, batches: batches(1))
            await #expect(throws: QueueError.claimLost) { _ = try await queue.accept(lost, upload: nil, batches: batches(1)) }
            #expect(try await queue.job(lost.id) == nil)
            for claim in claims { await queue.releaseClaim(claim) }
            for name in names { #expect(try await known(queue, name, fixture) == .known(job: won.id, bodyHash: [1])) }
        }
    }
}
