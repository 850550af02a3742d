import JobQueue
import JobQueueConformance
import SQLiteSupport
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Leases of deliveries beside each other in one commit")
struct DeliveryLeaseRaceTests {
    private func withLease(_ body: (QueueFixture, SQLiteJobQueue, LeasedDelivery) async throws -> Void) async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            let leased = try await fixture.leaseDeliveries(queue).at(0)
            try await body(fixture, try #require(queue as? SQLiteJobQueue), leased)
        }
    }

    @Test("an attempt that is recorded twice counts once")
    func twice() async throws {
        try await withLease { fixture, queue, leased in
            let attempt = DeliveryAttempt(leased, at: fixture.now, status: 503, error: nil, next: .retry(at: fixture.now))
            try await queue.inOneCommit([
                { try await queue.record(attempt) },
                { await #expect(throws: QueueError.leaseLost) { try await queue.record(attempt) } },
            ])
            #expect(try await queue.delivery("msg_1")?.attempts == 1)
        }
    }

    @Test("an attempt recorded behind a redelivery does not count")
    func redelivered() async throws {
        try await withLease { fixture, queue, leased in
            try await queue.inOneCommit([
                { _ = try await queue.redeliver("msg_1", now: fixture.now) },
                {
                    await #expect(throws: QueueError.leaseLost) {
                        try await queue.record(
                            DeliveryAttempt(leased, at: fixture.now, status: 200, error: nil, next: .delivered))
                    }
                },
            ])
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.attempts) == [0])
        }
    }

    @Test("until the record of an attempt is committed nobody else leases the delivery")
    func uncommitted() async throws {
        try await withLease { fixture, queue, leased in
            let attempt = DeliveryAttempt(leased, at: fixture.now, status: 200, error: nil, next: .delivered)
            try await queue.inOneCommit([
                { try await queue.record(attempt) },
                {
                    try await queue.writer.write { _ in
                        #expect(!queue.deliveryLeases.withLock { $0.startEnding("msg_1", leased.lease) })
                        #expect(queue.deliveryLeases.withLock { $0.isHeld("msg_1") })
                    }
                },
            ])
            #expect(!queue.deliveryLeases.withLock { $0.isHeld("msg_1") })
        }
    }

    @Test("a record that is rolled back leaves the lease held")
    func rolledBack() async throws {
        try await withLease { fixture, queue, leased in
            let attempt = DeliveryAttempt(leased, at: fixture.now, status: 200, error: nil, next: .delivered)
            // Refused: its neighbours are carried out once more.
            let refused: @Sendable () async throws -> Void = {
                await #expect(throws: QueueError.self) {
                    try await queue.writer.write { _ in throw QueueError.refused("no") }
                }
            }
            try await queue.inOneCommit([{ try await queue.record(attempt) }, refused])
            #expect(try await queue.delivery("msg_1")?.attempts == 1)
        }
    }

    /// Refused, so that all other operations of its commit are rolled back and carried out once more.
    private func refused(_ queue: SQLiteJobQueue) -> @Sendable () async throws -> Void {
        {
            await #expect(throws: QueueError.self) {
                try await queue.writer.write { _ in throw QueueError.refused("no") }
            }
        }
    }

    @Test("a redelivery that commits while due deliveries are read is not missed: what was read before is leased to nobody")
    func redeliveredWhileRead() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            for i in 0..<2 { try await queue.add(fixture.delivery("msg_\(i)"), now: fixture.now) }
            try await fixture.attempt(queue, "msg_0", .retry(at: fixture.now))
            await queue.release(try await fixture.leaseDeliveries(queue))
            let queue = try #require(queue as? SQLiteJobQueue)
            let held = queue.deliveryLeases.withLock { leases in
                leases.startReading()
                return leases
            }
            let (due, rows) = try queue.due(DeliveryQuery(limit: 9), at: fixture.now, beside: held)
            #expect(rows.map(\.delivery.attempts).sorted() == [0, 1])
            #expect(try await queue.redeliver("msg_0", now: fixture.now))
            let leased = queue.deliveryLeases.withLock { leases in
                defer { leases.stopReading() }
                return leases.take(rows, of: due)
            }
            #expect(leased.map(\.delivery.what.id) == ["msg_1"])
            let rest = try await fixture.leaseDeliveries(queue)
            #expect(rest.map(\.delivery.what.id) == ["msg_0"] && rest.map(\.delivery.attempts) == [0])
        }
    }

    @Test("from a redelivery to its commit the delivery is leased to nobody, and then to whoever asks", arguments: [false, true])
    func redeliveryHolds(isRunTwice: Bool) async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            let queue = try #require(queue as? SQLiteJobQueue)
            let redeliver: @Sendable () async throws -> Void = { _ = try await queue.redeliver("msg_1", now: fixture.now) }
            let look: @Sendable () async throws -> Void = {
                try await queue.writer.write { _ in #expect(queue.deliveryLeases.withLock { $0.isHeld("msg_1") }) }
            }
            // Twice: the first one's end must not let go what the second one holds.
            try await queue.inOneCommit([redeliver, redeliver, look] + (isRunTwice ? [refused(queue)] : []))
            #expect(!queue.deliveryLeases.withLock { $0.isHeld("msg_1") })
            let leased = try await fixture.leaseDeliveries(queue).at(0)
            try await queue.record(DeliveryAttempt(leased, at: fixture.now, status: 200, error: nil, next: .delivered))
        }
    }

    @Test("what two writes hold is held until both are decided")
    func twoWrites() {
        var leases = DeliveryLeases()
        for _ in 0..<2 { #expect(leases.startRedelivery("msg_1", seq: 1, of: "https://a") == nil) }
        leases.committed("msg_1", due: Timestamp(microseconds: 0))
        #expect(leases.isHeld("msg_1") && leases.count(of: "https://a") == 1)
        leases.rolledBack("msg_1", keeping: nil)
        #expect(!leases.isHeld("msg_1") && leases.count(of: "https://a") == 0)
    }

    @Test("a delivery given back while its redelivery fails is free")
    func releasedBeforeRollback() async throws {
        try await withLease { fixture, queue, leased in
            _ = fixture.events.take()
            try await queue.inOneCommit([
                { await #expect(throws: QueueError.self) { _ = try await queue.redeliver("msg_1", now: fixture.now) } },
                {
                    await #expect(throws: QueueError.self) {
                        try await queue.writer.write { context in
                            queue.deliveryLeases.withLock { $0.release("msg_1", leased.lease) }
                            #expect(queue.deliveryLeases.withLock { $0.isHeld("msg_1") })
                            // Ends the transaction, and with it all of the commit.
                            try context.sql("ROLLBACK").run()
                            throw QueueError.refused("no")
                        }
                    }
                },
            ])
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["msg_1"])
        }
    }

    @Test("a redelivery that fails leaves the lease as it was, and signals what was kept from others meanwhile")
    func redeliveryRolledBack() async throws {
        try await withLease { fixture, queue, leased in
            try await queue.add(fixture.delivery("msg_2"), now: fixture.now)
            _ = fixture.events.take()
            let redeliver: @Sendable (String) -> (@Sendable () async throws -> Void) = { id in
                { await #expect(throws: QueueError.self) { _ = try await queue.redeliver(id, now: fixture.now) } }
            }
            try await queue.inOneCommit([
                redeliver("msg_1"), redeliver("msg_2"),
                {
                    await #expect(throws: QueueError.self) {
                        try await queue.writer.write { context in
                            try context.sql("ROLLBACK").run()
                            throw QueueError.refused("no")
                        }
                    }
                },
            ])
            #expect(fixture.events.take().deliveriesDue > 0)
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["msg_2"])
            try await queue.record(DeliveryAttempt(leased, at: fixture.now, status: 200, error: nil, next: .delivered))
        }
    }

    @Test("of a long backlog as much is read as is leased and held, not more")
    func backlog() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            for i in 0..<300 { try await queue.add(fixture.delivery("msg_\(i)"), now: fixture.now) }
            var seen: [String] = []
            for _ in 0..<30 { seen += try await fixture.leaseDeliveries(queue, 10).map(\.delivery.what.id) }
            #expect(seen == (0..<300).map { "msg_\($0)" })
            let leases = try #require(queue as? SQLiteJobQueue).deliveryLeases.withLock { $0 }
            #expect(leases.count(of: "https://wrapper.example") == 300)
        }
    }
}
