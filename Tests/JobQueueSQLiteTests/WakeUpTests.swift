import SQLiteSupport
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Work that a lease does not find is not forgotten")
struct WakeUpTests {
    /// A tenant with two small jobs leased together, of which the first alone was applied: the second went back, so that the tenant
    /// may be leased again while the first one's results are still being written.
    private func withUnlocked(
        users: Int = 3, _ body: (QueueFixture, SQLiteJobQueue, LeasedBatch, Job) async throws -> Void
    ) async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: users)
            let second = try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a", smallJobs: 2)
            await queue.release([try turn.at(1).lease])
            await queue.unlock([try turn.at(0).lease])
            try await body(fixture, queue, try turn.at(0), second)
        }
    }

    @Test("a lease in one commit with the finish that leaves users for the last pass", arguments: [true, false])
    func leaseBesideFinish(finishFirst: Bool) async throws {
        try await withUnlocked { fixture, queue, held, second in
            let finish: @Sendable () async throws -> Void = {
                _ = try await queue.finish([held.finished(deferring: [1])], now: fixture.now)
            }
            let lease: @Sendable () async throws -> Void = {
                let leased = try await fixture.lease(queue, "a")
                #expect(leased.isEmpty, "the last pass waits for the commit")
            }
            let commits = queue.writer.commits
            try await queue.inOneCommit(finishFirst ? [finish, lease] : [lease, finish])
            #expect(queue.writer.commits == commits + 1)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["a"])
            let last = try await fixture.lease(queue, "a")
            #expect(last.map(\.jobID) == [held.jobID] && last.map(\.pass) == [.conflicts])
            _ = try await queue.finish(last.map { $0.finished() }, now: fixture.now)
            #expect(try await fixture.lease(queue, "a").map(\.jobID) == [second.id])
        }
    }

    @Test("a lease in one commit with the finish of a whole job, the next one waiting", arguments: [true, false])
    func leaseBesideEnd(finishFirst: Bool) async throws {
        try await withUnlocked { fixture, queue, held, second in
            let leased = Shared<[LeasedBatch]>([])
            let finish: @Sendable () async throws -> Void = { _ = try await queue.finish([held.finished()], now: fixture.now) }
            let lease: @Sendable () async throws -> Void = { leased.value = try await fixture.lease(queue, "a") }
            try await queue.inOneCommit(finishFirst ? [finish, lease] : [lease, finish])
            if leased.value.isEmpty {
                #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["a"])
                leased.value = try await fixture.lease(queue, "a")
            }
            #expect(leased.value.map(\.jobID) == [second.id])
        }
    }

    @Test("a lease of a tenant without work in one commit with the acceptance of a job", arguments: [true, false])
    func leaseBesideAcceptance(acceptFirst: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a")
            // Its job is cancelled, and its lease given back: a tenant that may be leased from, and a table without work.
            _ = try await queue.requestCancel(try turn.at(0).jobID, now: fixture.now)
            queue.tenantQueue { $0.setWork("a", true) }
            await queue.release(turn.map(\.lease))
            let accept: @Sendable () async throws -> Void = { try await fixture.accept(queue, "a", users: 2) }
            let leased = Shared<[LeasedBatch]>([])
            let lease: @Sendable () async throws -> Void = { leased.value = try await fixture.lease(queue, "a") }
            try await queue.inOneCommit(acceptFirst ? [accept, lease] : [lease, accept])
            if leased.value.isEmpty { leased.value = try await fixture.lease(queue, "a") }
            #expect(leased.value.map(\.payload.count) == [2])
        }
    }

    @Test("a batch given back while a lease of its tenant finds nothing can be leased before the others are finished")
    func releaseBesideLease() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 30, size: 10)
            let turn = try await fixture.lease(queue, "a", 3)
            await queue.unlock(turn.map(\.lease))
            #expect(try await fixture.lease(queue, "a").isEmpty, "all of its batches are held")
            await queue.release([try turn.at(2).lease])
            let again = try await fixture.lease(queue, "a", 3)
            #expect(again.map(\.number) == [2])
        }
    }

    @Test("what is given back between a lease that found nothing and its commit can be leased before the others are finished")
    func releaseBeforeCommit() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 30, size: 10)
            let turn = try await fixture.lease(queue, "a", 3)
            await queue.unlock(turn.map(\.lease))
            // Where one ended there may be more: the next lease looks.
            _ = try await queue.finish([try turn.at(0).finished()], now: fixture.now)
            let last = try turn.at(2).lease
            let lease: @Sendable () async throws -> Void = {
                let leased = try await fixture.lease(queue, "a")
                #expect(leased.isEmpty, "the others are held")
            }
            let release: @Sendable () async throws -> Void = {
                try await queue.writer.write { _ in queue.tenantQueue { $0.end([last]) } }
            }
            try await queue.inOneCommit([lease, release])
            #expect(try await fixture.lease(queue, "a", 3).map(\.number) == [2])
        }
    }

    @Test("a backoff outlives the results of a turn that began before it", arguments: [true, false])
    func backoffBesideFinish(inOneCommit: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 40, size: 10)
            let first = try await fixture.lease(queue, "a", 2)
            await queue.unlock(first.map(\.lease))
            let second = try await fixture.lease(queue, "a", 2)
            #expect(second.map(\.number) == [2, 3])
            let due = fixture.now.advanced(bySeconds: 30)
            let retry: @Sendable () async throws -> Void = { [lease = try second.at(0).lease] in
                try await queue.retry(lease, at: due, error: "busy", now: fixture.now)
            }
            let finish: @Sendable () async throws -> Void = {
                _ = try await queue.finish(first.map { $0.finished() }, now: fixture.now)
            }
            await queue.release([try second.at(1).lease])
            if inOneCommit {
                try await queue.inOneCommit([retry, finish])
            } else {
                try await retry()
                try await finish()
            }
            #expect(try await queue.nextRetry() == due)
            #expect(try await fixture.lease(queue, "a").isEmpty, "it waits for its moment")
            let reborn = try await QueueDriver.sqlite.killed(fixture)
            #expect(try await reborn.nextRetry() == due)
            await reborn.close()
            fixture.clock.advance(30)
            let again = try await fixture.lease(queue, "a", 2)
            #expect(again.map(\.number) == [2, 3] && again.map(\.attempts) == [1, 0])
            _ = try await queue.finish(again.map { $0.finished() }, now: fixture.now)
            #expect(try await queue.nextRetry() == nil)
        }
    }

    @Test("tenants whose backoff ends while more are ready than were asked for are told to the observer")
    func beyondTheLimit() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            for tenant in ["a", "b", "c"] as [TenantID] {
                try await fixture.accept(queue, tenant, users: 1)
                let turn = try await fixture.lease(queue, tenant)
                try await queue.retry(turn.at(0).lease, at: fixture.now.advanced(bySeconds: 5), error: "", now: fixture.now)
            }
            fixture.clock.advance(10)
            _ = fixture.events.take()
            let found = try await queue.readyTenants(now: fixture.now, limit: 1)
            #expect(Set(found + fixture.events.take().ready) == ["a", "b", "c"])
        }
    }

    @Test("batches that a later turn wrote first are not looked at again by every lease")
    func nextBatch() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 60, size: 10)
            let first = try await fixture.lease(queue, "a", 2)
            await queue.unlock(first.map(\.lease))
            let second = try await fixture.lease(queue, "a", 3)
            func next() async throws -> Int? {
                try await queue.read { db in try db.sql("SELECT next_batch FROM jobs").first { $0.int(0) } }
            }
            _ = try await queue.finish(second.map { $0.finished() }, now: fixture.now)
            #expect(try await next() == 0)
            _ = try await queue.finish(first.map { $0.finished() }, now: fixture.now)
            #expect(try await next() == 5, "no batch below it is open, and it is")
            let rest = try await fixture.lease(queue, "a", 3)
            #expect(rest.map(\.number) == [5])
            _ = try await queue.finish(rest.map { $0.finished() }, now: fixture.now)
            #expect(try await next() == 6)
        }
    }
}
