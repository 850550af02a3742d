import Foundation
import SyncModel
import Synchronization
import TestSupport
import Testing
import UserDirectory

@Suite("A batch takes effect exactly once")
struct ExactlyOnceTests {
    @Test("a retried batch returns what it said before and touches nothing", arguments: DirectoryDriver.all)
    func retried(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        let batch = BatchWork(
            job: 2, number: 7,
            [
                TestUser("a", "b@x.example"), TestUser("c", "c@x.example"), TestUser("d", "d", [.problem: .text("no email")]),
                TestUser("b", "b@x.example", name: "New"),
            ])
        let first = try await it.apply(batch)
        #expect(first[0].deferred == [0, 3] && first[0].users.count == 2)
        let before = try it.rows("users")
        it.clock.advance()
        var other = batch
        other.payload = BatchPayload([TestUser("e", "e@x.example")])
        #expect(try await it.apply(other) == first)
        #expect(try await it.apply(batch, batch) == first + first)
        #expect(try it.rows("users") == before)
    }

    @Test("the same number of another job is another batch", arguments: DirectoryDriver.all)
    func otherJob(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        #expect(try await it.outcomes(BatchWork(job: 1, [TestUser("a", "a@x.example")])) == ["created"])
        #expect(try await it.outcomes(BatchWork(job: 2, [TestUser("a", "a@x.example")])) == ["unchanged"])
        #expect(try await it.outcomes(BatchWork(job: 1, number: 1, [TestUser("a", "a@x.example")])) == ["unchanged"])
    }

    @Test("a tombstone keeps a late worker from applying its batch", arguments: DirectoryDriver.all)
    func tombstone(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let applied = try await it.apply(BatchWork(job: 1, number: 0, [TestUser("a", "a@x.example")]))[0]
        let standing = try await it.directory.tombstone(.test(1), batches: [0, 1, 2])
        #expect(standing == [0: applied])
        #expect(try await it.directory.tombstone(.test(1), batches: [0, 1]) == [0: applied])
        let late = try await it.apply(
            BatchWork(job: 1, number: 1, [TestUser("b", "b@x.example")]),
            BatchWork(job: 1, number: 3, [TestUser("c", "c@x.example")]))
        #expect(late[0] == BatchApplied(jobID: .test(1), number: 1, users: [], isTombstone: true))
        #expect(late[1].users.map(\.outcome) == [.created])
        #expect(try it.people() == ["a a@x.example", "c c@x.example"])
    }

    @Test("a forgotten job leaves nothing behind but its users and its log", arguments: DirectoryDriver.all)
    func forget(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        for job in 2...3 { try await it.apply(BatchWork(job: job, [TestUser("a", "b@x.example")])) }
        _ = try await it.directory.tombstone(.test(2), batches: [5])
        try await it.directory.forget([.test(1), .test(2)])
        #expect(try it.rows("usersync_ledger").map { $0["job_id"] } == [JobID.test(3).text])
        #expect(try it.rows("usersync_waiting").map { $0["job_id"] } == [JobID.test(3).text])
        try await it.directory.forget([.test(3), .test(99)])
        #expect(try it.rows("usersync_ledger").isEmpty && it.rows("usersync_waiting").isEmpty)
        #expect(try it.rows("users").count == 2)
    }

    @Test("a commit closes at the next batch boundary when asked to; the rest is left undone", arguments: DirectoryDriver.all)
    func closesEarly(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let batches = (0..<5).map { BatchWork(job: 1, number: $0, [TestUser("u\($0)", "u\($0)@x.example")]) }
        let asked = Mutex(0)
        let done = try await it.directory.apply(batches) {
            asked.withLock {
                $0 += 1; return $0 == 3
            }
        }
        #expect(done.map(\.number) == [0, 1, 2])
        #expect(asked.withLock { $0 } == 3)
        #expect(try it.rows("users").count == 3 && it.rows("usersync_ledger").count == 3)
        #expect(try await it.directory.apply(batches) { true }.map(\.number) == [0], "the first is always done")
        #expect(try await it.directory.apply(Array(batches[3...])) { true }.map(\.number) == [3])
        #expect(try await it.directory.apply([]) { true }.isEmpty)
    }

    @Test("a cancelled task does not tear a commit apart", arguments: DirectoryDriver.all)
    func cancelled(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let batches = (0..<20).map { BatchWork(job: 1, number: $0, [TestUser("u\($0)", "u\($0)@x.example")]) }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await it.directory.apply(batches, closeEarly: { false })
        }
        #expect(try await task.value.count == 20)
        #expect(try it.rows("users").count == 20)
    }

    @Test("a second row for a job changes nothing of the first, the moment neither", arguments: DirectoryDriver.all)
    func twice(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        var entry = SyncLogEntry(
            jobID: .test(1), tenantID: "t1", operation: .userSync, totalUsers: 1, counts: JobCounts(), failedCodes: [:],
            syncedAt: .at(0))
        try await it.directory.log([entry])
        entry.syncedAt = .at(60)
        try await it.directory.log([entry])
        #expect(try it.rows("sync_logs").map { $0["synced_at"] } == ["2025-08-19T10:00:00.000Z"])
    }

    @Test("each job has one log row, with its counts and failed codes", arguments: DirectoryDriver.all)
    func logs(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        var counts = JobCounts()
        counts.created = 3
        counts.unchanged = 1
        counts.failed = 2
        counts.cancelled = 4
        let entry = SyncLogEntry(
            jobID: .test(1), tenantID: "t1", operation: .userSync, totalUsers: 10, counts: counts,
            failedCodes: ["identity_conflict": 2], syncedAt: .at(7))
        var again = entry
        again.totalUsers = 99
        var other = entry
        other.jobID = .test(2)
        try await it.directory.log([entry, other])
        try await it.directory.log([again])
        let rows = try it.rows("sync_logs")
        #expect(rows.count == 2)
        #expect(
            rows[0] == [
                "id": "1", "tenant_id": "t1", "operation": "user_sync", "total_users": "10", "successful": "4", "failed": "2",
                "details": """
                {"cancelled":4,"created":3,"failed":2,"failedCodes":{"identity_conflict":2},"jobId":"\(JobID.test(1))",\
                "removed":0,"stale":0,"unchanged":1,"updated":0}
                """,
                "synced_at": "2025-08-19T10:00:07.000Z", "job_id": JobID.test(1).text,
            ])
    }

    @Test("a directory that can be written says so", arguments: DirectoryDriver.all)
    func probe(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.directory.probe()
        #expect(try it.rows("usersync_ledger").isEmpty)
        await it.directory.checkpoint()
        await it.directory.close()
        await #expect(throws: DirectoryError.self) { try await it.directory.probe() }
    }
}
