import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Retrying failed users")
struct RetryFailedTests {
    private func retry(_ fixture: QueueFixture, _ queue: any JobQueue, _ id: JobID) async throws -> RetryRequest {
        try await queue.retryFailed(of: id, as: JobID(now: fixture.now), requestID: "again", now: fixture.now)
    }

    @Test(
        "the linked job holds the failed users alone, from index 0 in index order, with the original's words",
        arguments: QueueDriver.all)
    func linked(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var new = fixture.newJob("a", users: 300)
            new.callbackURL = "https://example.com/hook"
            new.traceparent = "00-1-2-01"
            new.syncType = "full"
            let cut = (0..<3).map { part in batch(Array(stride(from: part, to: 300, by: 3))) }
            let job = try await queue.accept(new, upload: nil, batches: cut)
            let failing = Set(stride(from: 10, to: 300, by: 2))
            try await fixture.work(queue, "a", failing: failing)
            fixture.clock.advance(3600)
            guard case .linked(let linked, existing: false) = try await retry(fixture, queue, job.id) else {
                Issue.record("expected a new job")
                return
            }
            #expect(linked.retryOf == job.id)
            #expect(linked.totalUsers == 145)
            #expect(linked.syncTime == job.syncTime)
            #expect(linked.acceptedAt == fixture.now)
            #expect(linked.requestID == "again")
            #expect(
                [linked.callbackURL, linked.traceparent, linked.syncType] == [new.callbackURL, new.traceparent, new.syncType])
            #expect([linked.tenantID.text, linked.tenantName, linked.source] == [new.tenantID.text, new.tenantName, new.source])
            #expect(try await queue.job(linked.id) == linked)
            let leased = try await fixture.lease(queue, "a", 9)
            #expect(leased.map(\.payload.count) == [100, 45] && leased.allSatisfy { $0.isRetry && $0.hasCallbackURL })
            #expect(leased.flatMap(\.payload.indices) == Array(0..<145))
            #expect(leased.flatMap(\.payload.ids) == failing.sorted().map { "u\($0)" })

            guard case .linked(let same, existing: true) = try await retry(fixture, queue, job.id) else {
                Issue.record("expected the existing job")
                return
            }
            #expect(same.id == linked.id)
            for ended in try await queue.finish(leased.map { $0.finished(failing: [0]) }, now: fixture.now) {
                try await fixture.end(queue, ended)
            }
            // It ended, with one user failed: that one can be retried, and the original once more.
            guard case .linked(let second, existing: false) = try await retry(fixture, queue, linked.id) else {
                Issue.record("expected a job of the one user")
                return
            }
            #expect(second.totalUsers == 1)
            guard case .linked(_, existing: false) = try await retry(fixture, queue, job.id) else {
                Issue.record("expected a new job")
                return
            }
        }
    }

    @Test("many failed users are gathered in steps", arguments: QueueDriver.all)
    func many(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 10_000)
            try await fixture.work(queue, "a", failing: Set(0..<10_000))
            guard case .linked(let linked, existing: false) = try await retry(fixture, queue, job.id) else {
                Issue.record("expected a new job")
                return
            }
            #expect(linked.totalUsers == 10_000)
            #expect(linked.batches == 100)
            #expect(try await fixture.lease(queue, "a", 100).flatMap(\.payload.ids) == (0..<10_000).map { "u\($0)" })
        }
    }

    @Test("open, unknown and faultless jobs are told apart", arguments: QueueDriver.all)
    func answers(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            guard case .unknown = try await retry(fixture, queue, JobID(now: fixture.now)) else {
                Issue.record("expected .unknown")
                return
            }
            let job = try await fixture.accept(queue, "a", users: 1)
            guard case .open = try await retry(fixture, queue, job.id) else {
                Issue.record("expected .open")
                return
            }
            try await fixture.work(queue, "a")
            guard case .nothingFailed = try await retry(fixture, queue, job.id) else {
                Issue.record("expected .nothingFailed")
                return
            }
        }
    }

    @Test("of retries that come at once, one makes a job", arguments: QueueDriver.all)
    func atOnce(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 500)
            try await fixture.work(queue, "a", failing: Set(0..<500))
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        guard case .linked(_, let existing) = try await retry(fixture, queue, job.id) else { return false }
                        return !existing
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 1)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 500)
        }
    }
}
