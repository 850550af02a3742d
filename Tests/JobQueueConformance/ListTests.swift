import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Lists and status")
struct ListTests {
    @Test("jobs are listed newest first, by any filter, page by page", arguments: QueueDriver.all)
    func jobs(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var made: [Job] = []
            for i in 0..<12 {
                made.append(
                    try await fixture.accept(queue, "t\(i % 3)", users: 1, source: i % 2 == 0 ? "wrapper" : "other"))
            }
            try await fixture.work(queue, "t0", failing: [0])
            try await fixture.work(queue, "t1")
            let present = try await made.asyncMap { try #require(try await queue.job($0.id)) }
            func check(_ change: (inout JobFilter) -> Void, _ holds: (Job) -> Bool) async throws {
                var filter = JobFilter()
                change(&filter)
                let expected = present.filter(holds).reversed().map(\.id)
                for limit in [1, 5, 50] {
                    let listed = try await queue.allJobs(filter, limit: limit)
                    #expect(listed.map(\.id) == expected, "\(filter), \(limit) a page")
                }
            }
            try await check({ _ in }, { _ in true })
            try await check({ $0.state = .queued }, { $0.state == .queued })
            try await check({ $0.state = .completedWithErrors }, { $0.tenantID == "t0" })
            try await check({ $0.tenantID = "t1" }, { $0.tenantID == "t1" })
            try await check({ $0.source = "other" }, { $0.source == "other" })
            try await check(
                {
                    $0.tenantID = "t2"; $0.source = "other"
                }, { $0.tenantID == "t2" && $0.source == "other" })
            try await check(
                {
                    $0.tenantID = "t1"; $0.state = .completed
                }, { $0.tenantID == "t1" })
            try await check(
                {
                    $0.tenantID = "t1"; $0.state = .queued
                }, { _ in false })
            let third = present[3].acceptedAt
            let ninth = present[9].acceptedAt
            try await check(
                {
                    $0.since = third; $0.until = ninth
                }, { $0.acceptedAt >= third && $0.acceptedAt < ninth })
            try await check(
                {
                    $0.since = third; $0.tenantID = "t0"; $0.source = "wrapper"
                },
                { $0.acceptedAt >= third && $0.tenantID == "t0" && $0.source == "wrapper" })
        }
    }

    @Test("jobs accepted in one microsecond are each listed once", arguments: QueueDriver.all)
    func sameMoment(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var made: [JobID] = []
            for _ in 0..<7 {
                made.append(try await queue.accept(fixture.newJob("a", users: 1), upload: nil, batches: batches(1)).id)
            }
            #expect(try await queue.allJobs(limit: 2).map(\.id) == made.reversed())
        }
    }

    @Test("a cursor of another list is refused", arguments: QueueDriver.all)
    func badCursor(_ driver: QueueDriver) async throws {
        try await driver.withQueue { _, queue in
            for cursor in ["", "abc", "j1", "d1", "r1", "j1.2.3", "j.", "j1.+2"] {
                await #expect(throws: QueueError.badCursor) { _ = try await queue.jobs(JobFilter(), limit: 2, cursor: cursor) }
            }
            await #expect(throws: QueueError.badCursor) {
                _ = try await queue.deliveries(DeliveryFilter(), limit: 2, cursor: "j1.2")
            }
        }
    }

    @Test("the status shows the longest backlogs, what they work on, and the oldest job that is open", arguments: QueueDriver.all)
    func status(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await fixture.accept(queue, "t0", users: 10)
            for i in 1..<25 { try await fixture.accept(queue, "t\(i)", users: 10 + i, size: 20) }
            let second = try await fixture.accept(queue, "t3", users: 500)
            let turn = try await fixture.lease(queue, "t24", 2)
            var statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.tenants.count == 20)
            #expect(statistics.tenants.first?.tenantID == "t3")
            #expect(statistics.tenants.first?.pendingUsers == 513)
            #expect(statistics.tenants.first?.openJobs == 2)
            #expect(statistics.tenants.first?.currentJob == nil)
            #expect(
                try statistics.tenants.at(1)
                    == TenantBacklog(tenantID: "t24", openJobs: 1, pendingUsers: 34, currentJob: turn.at(0).jobID))
            #expect(statistics.oldestPendingAcceptedAt == first.acceptedAt)
            #expect(statistics.jobs[.queued] == 25)
            #expect(statistics.jobs[.running] == 1)
            #expect(statistics.freeDiskBytes == 1 << 40)
            #expect(statistics.bytes + (statistics.logBytes ?? 0) > 0)
            for i in 0..<25 where i != 24 { try await fixture.work(queue, "t\(i)") }
            for job in try await queue.finish(turn.map { $0.finished() }, now: fixture.now) { try await fixture.end(queue, job) }
            #expect(try await queue.job(second.id)?.state == .completed)
            statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.tenants.isEmpty)
            #expect(statistics.pendingUsers == 0)
            #expect(statistics.oldestPendingAcceptedAt == nil)
            #expect(statistics.jobs[.completed] == 26)
        }
    }
}

extension Sequence {
    package func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
        var mapped: [T] = []
        for element in self { mapped.append(try await body(element)) }
        return mapped
    }
}
