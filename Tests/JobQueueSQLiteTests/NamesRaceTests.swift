import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Names of a tenant, in one commit with others")
struct NamesRaceTests {
    private let uuid = TenantNamesTests.uuid
    private let org = TenantNamesTests.org

    @Test("a job under one name and one that names both are one tenant, whichever comes first in a commit", arguments: [0, 1])
    func oneCommit(first: Int) async throws {
        try await withSQLiteQueue { fixture, queue in
            var both = fixture.newJob(uuid, users: 1)
            both.otherTenantIDs = [org]
            // Asked before either was accepted.
            both.hasUsers = [uuid: false, org: false]
            let jobs = [both, fixture.newJob(org, users: 1)]
            let commits = queue.writer.commits
            try await queue.inOneCommit(
                [jobs[first], jobs[1 - first]].map { job in
                    { _ = try await queue.accept(job, upload: nil, batches: batches(1)) }
                })
            #expect(queue.writer.commits == commits + 1)
            let tenants = Set(try await queue.allJobs().map(\.tenantID))
            #expect(tenants == [first == 0 ? uuid : org])
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == Array(tenants))
        }
    }

    @Test("what a refused job would have taught is not known, and the others of its commit go by what is")
    func refused() async throws {
        try await withSQLiteQueue { fixture, queue in
            var wrong = fixture.newJob(uuid, users: 2)
            wrong.otherTenantIDs = [org]
            wrong.hasUsers = [uuid: false, org: false]
            let (teacher, other) = (wrong, fixture.newJob(org, users: 1))
            let claim = try await fixture.claim(queue, "k")
            await queue.releaseClaim(claim)
            var late = teacher
            late.idempotency = .init(claim: claim, bodyHash: [1])
            let refusedLate = late
            try await queue.inOneCommit([
                { _ = try? await queue.accept(refusedLate, upload: nil, batches: batches(2)) },
                { _ = try await queue.accept(other, upload: nil, batches: batches(1)) },
            ])
            #expect(try await queue.tenant(named: org) == org)
            #expect(try await queue.job(other.id)?.tenantID == org)
            #expect(try await queue.job(teacher.id) == nil)
        }
    }
}
