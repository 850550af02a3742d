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
            try await sqlite.asVersion3()
            try await sqlite.writer.alone { db in try db.execute(sql: "PRAGMA user_version = 2") }
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            let file = try #require(upgraded as? SQLiteJobQueue)
            #expect(try await file.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") } == Int(Schema.version))
            try await fixture.work(upgraded, "a")
            #expect(try await upgraded.job(waiting.id)?.state == .completed)
            await upgraded.close()
        }
    }

    @Test("webhooks that wait in one of version 3 are found and sent, in the order in which they are due")
    func version3() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let sqlite = try #require(queue as? SQLiteJobQueue)
            for n in 0..<3 {
                try await queue.add(fixture.delivery("msg_\(n)", host: "host-\(n % 2)"), now: fixture.now)
                fixture.clock.advance(1)
            }
            try await fixture.attempt(queue, "msg_0", .retry(at: fixture.now.advanced(bySeconds: 9)))
            try await sqlite.asVersion3()
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            #expect(try await fixture.leaseDeliveries(upgraded).map(\.delivery.what.id) == ["msg_1", "msg_2"])
            let later = try #require(try await upgraded.nextDelivery(after: fixture.now))
            #expect(later == fixture.now.advanced(bySeconds: 9))
            fixture.clock.advance(9)
            #expect(try await fixture.leaseDeliveries(upgraded).map(\.delivery.what.id) == ["msg_0"])
            #expect(try await QueueDriver.sqlite.audit(upgraded) == [])
            await upgraded.close()
        }
    }

    @Test("webhooks that wait in one of version 3 have three days from their creation, and are found when these are over")
    func lifetimesOfVersion3() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let start = fixture.now
            for id in ["old", "dead"] { try await queue.add(fixture.delivery(id), now: start) }
            try await fixture.attempt(queue, "dead", .dead)
            fixture.clock.advance(86_400)
            try await queue.add(fixture.delivery("young"), now: fixture.now)
            try await queue.add(fixture.delivery("damaged"), now: fixture.now)
            try await queue.asVersion3()
            try await (queue as? SQLiteJobQueue)?.writer.alone { db in
                try db.execute(sql: "UPDATE deliveries SET destination = destination || ':443' WHERE id = 'young'")
                try db.execute(sql: "UPDATE deliveries SET created_at = \(Int64.max) WHERE id = 'damaged'")
            }
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            let end = start.advanced(bySeconds: 3 * 86_400)
            #expect(try await upgraded.delivery("old")?.expiresAt == end)
            let expired = try await upgraded.expireDeliveries(now: end, limit: 9)
            #expect(expired.deliveries.map(\.id) == ["old"])
            #expect(expired.nextAt == end.advanced(bySeconds: 86_400))
            #expect(try await upgraded.destinations(limit: 9) == [])
            #expect(try await upgraded.redeliver("dead", now: end))
            #expect(try await upgraded.delivery("dead")?.expiresAt == end.advanced(bySeconds: 3 * 86_400))
            // One destination has one name now, however its addresses are written.
            let none = DeliveryQuery(limit: 9, excluded: [["https://wrapper.example"]])
            #expect(try await upgraded.leaseDeliveries(none, now: end, for: .seconds(60)).isEmpty)
            let all = try await upgraded.leaseDeliveries(DeliveryQuery(limit: 9), now: end, for: .seconds(60))
            #expect(Set(all.map(\.delivery.what.id)) == ["young", "dead", "damaged"])
            await upgraded.close()
        }
    }

    @Test("webhooks of version 3 that are older than that have a day from the upgrade")
    func oldOfVersion3() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            try await queue.add(fixture.delivery("old"), now: fixture.now)
            fixture.clock.advance(9 * 86_400)
            try await queue.asVersion3()
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            #expect(try await upgraded.delivery("old")?.expiresAt == fixture.now.advanced(bySeconds: 86_400))
            #expect(try await upgraded.expireDeliveries(now: fixture.now, limit: 9).deliveries.isEmpty)
            await upgraded.close()
        }
    }

    @Test("what waits in one of version 4 stands under the name by which it came, and names are learnt from then on")
    func version4() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let ended = try await fixture.accept(queue, TenantNamesTests.uuid)
            try await fixture.work(queue, TenantNamesTests.uuid, deliver: true)
            let waiting = try await fixture.accept(queue, TenantNamesTests.uuid)
            try await queue.asVersion4()
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            for job in [ended, waiting] { #expect(try await upgraded.job(job.id)?.sentTenantID == TenantNamesTests.uuid) }
            let webhook = try #require(try await upgraded.delivery("msg_\(ended.id)"))
            #expect(webhook.what.shownTenantID == TenantNamesTests.uuid && webhook.what.sentTenantID == nil)
            let next = try await fixture.accept(upgraded, TenantNamesTests.org, calling: [TenantNamesTests.uuid])
            #expect(next.tenantID == TenantNamesTests.uuid)
            try await fixture.work(upgraded, TenantNamesTests.uuid, deliver: true)
            #expect(try await upgraded.job(waiting.id)?.sequence == 2)
            #expect(try await upgraded.delivery("msg_\(next.id)")?.what.shownTenantID == TenantNamesTests.org)
            #expect(try await QueueDriver.sqlite.audit(upgraded) == [])
            await upgraded.close()
        }
    }

    @Test("tenants in one of version 5 can be merged")
    func version5() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            try await fixture.accept(queue, TenantNamesTests.org)
            try await queue.asVersion5()
            let upgraded = try await QueueDriver.sqlite.killed(fixture)
            let start = try await upgraded.beginMerge(of: TenantNamesTests.org, into: TenantNamesTests.uuid, now: fixture.now)
            guard case .begun(let merge) = start else {
                Issue.record("\(start)")
                return
            }
            #expect(merge.openJobs == 1)
            #expect(try await QueueDriver.sqlite.audit(upgraded) == [])
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
        try await asVersion3()
        try await sqlite.writer.alone { db in
            try db.execute(
                sql: """
                    DROP INDEX jobs_ending; DROP TABLE tenant_ends; ALTER TABLE jobs DROP COLUMN sequence;
                    PRAGMA user_version = 1
                    """)
        }
    }

    /// The same for version 4.
    fileprivate func asVersion4() async throws {
        let sqlite = try #require(self as? SQLiteJobQueue)
        try await asVersion5()
        try await sqlite.writer.alone { db in
            try db.execute(
                sql: """
                    DROP TABLE tenant_aliases;
                    ALTER TABLE jobs DROP COLUMN sent_tenant_id; ALTER TABLE deliveries DROP COLUMN sent_tenant_id;
                    PRAGMA user_version = 4
                    """)
        }
    }

    /// The same for version 5.
    fileprivate func asVersion5() async throws {
        let sqlite = try #require(self as? SQLiteJobQueue)
        try await sqlite.writer.alone { db in
            try db.execute(sql: "DROP TABLE tenant_merges; DROP INDEX jobs_held; PRAGMA user_version = 5")
        }
    }

    /// The same for version 3.
    fileprivate func asVersion3() async throws {
        let sqlite = try #require(self as? SQLiteJobQueue)
        try await asVersion4()
        try await sqlite.writer.alone { db in
            try db.execute(
                sql: """
                    DROP INDEX deliveries_due; DROP INDEX deliveries_due_time;
                    CREATE INDEX deliveries_due ON deliveries (destination, due_at) WHERE state = 0;
                    ALTER TABLE counters DROP COLUMN webhook_order;
                    DROP INDEX deliveries_expiry; ALTER TABLE deliveries DROP COLUMN expires_at; DROP TABLE destinations;
                    PRAGMA user_version = 3
                    """)
        }
    }
}
