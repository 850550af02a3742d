import Foundation
import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("A queue's file of an earlier version")
struct UpgradeTests {
    @Test("jobs that wait in it go on, and those that have ended get their numbers, in the order in which they did")
    func first() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let ended = try await [fixture.accept(queue, "a", users: 1), fixture.accept(queue, "a", users: 1)]
            for _ in 0..<2 {
                try await fixture.work(queue, "a")
                fixture.clock.advance(1)
            }
            let waiting = try await fixture.accept(queue, "a", users: 120)
            _ = try await fixture.lease(queue, "a")
            try await fixture.accept(queue, "b", users: 1)
            // What version 1 did not have.
            try await queue.asVersion1()
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            #expect(try await upgraded.job(ended[0].id)?.sequence == 1)
            #expect(try await upgraded.job(ended[1].id)?.sequence == 2)
            #expect(try await upgraded.job(waiting.id)?.sequence == nil)
            #expect(Set(try await upgraded.readyTenants(now: fixture.now, limit: 9)) == ["a", "b"])
            try await fixture.work(upgraded, "a")
            try await fixture.work(upgraded, "b")
            let done = try #require(try await upgraded.job(waiting.id))
            #expect(done.sequence == 3 && done.state == .completed && done.counts.created == 120)
            #expect(try await QueueDriver.sqlite.audit(upgraded) == [])
            await upgraded.close()
        }
    }

    @Test("one of version 2, whose records have no format, is opened and refused by that version from then on")
    func version2() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let sqlite = try #require(queue as? SQLiteJobQueue)
            let waiting = try await fixture.accept(queue, "a", users: 3)
            try await sqlite.writer.alone { db in try db.execute(sql: "PRAGMA user_version = 2") }
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            let file = try #require(upgraded as? SQLiteJobQueue)
            #expect(try await file.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") } == 3)
            try await fixture.work(upgraded, "a")
            #expect(try await upgraded.job(waiting.id)?.state == .completed)
            await upgraded.close()
        }
    }

    @Test("one of a later version is refused")
    func later() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let sqlite = try #require(queue as? SQLiteJobQueue)
            try await sqlite.writer.alone { db in try db.execute(sql: "PRAGMA user_version = \(Schema.version + 1)") }
            await #expect(throws: QueueError.self) {
                let reborn = try await QueueDriver.sqlite.killed(fixture)
                await reborn.close()
            }
        }
    }
}

extension JobQueue {
    /// Makes the file what version 1 would have written.
    fileprivate func asVersion1() async throws {
        let sqlite = try #require(self as? SQLiteJobQueue)
        try await sqlite.writer.alone { db in
            try db.execute(
                sql: """
                    DROP INDEX jobs_ending; DROP TABLE tenant_ends; ALTER TABLE jobs DROP COLUMN sequence; PRAGMA user_version = 1
                    """)
        }
    }
}
