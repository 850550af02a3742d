import JobQueue
import JobQueueConformance
import SQLiteSupport
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Deliveries that die beside other writes in one commit")
struct DeliveryExpiryRaceTests {
    /// A queue with a delivery whose time is over.
    private func withOld(_ body: (QueueFixture, SQLiteJobQueue) async throws -> Void) async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            fixture.clock.advance(3 * 86_400)
            try await body(fixture, try #require(queue as? SQLiteJobQueue))
        }
    }

    private func expire(_ queue: SQLiteJobQueue, _ fixture: QueueFixture, count: Int) -> @Sendable () async throws -> Void {
        {
            let expired = try await queue.expireDeliveries(now: fixture.now, limit: 9)
            #expect(expired.deliveries.count == count)
        }
    }

    @Test("until the commit the delivery is leased to nobody", arguments: [false, true])
    func held(isRunTwice: Bool) async throws {
        try await withOld { fixture, queue in
            let refused: @Sendable () async throws -> Void = {
                await #expect(throws: QueueError.self) {
                    try await queue.writer.write { _ in throw QueueError.refused("no") }
                }
            }
            let look: @Sendable () async throws -> Void = {
                try await queue.writer.write { _ in
                    #expect(queue.deliveryLeases.withLock { $0.isHeld("msg_1") })
                }
            }
            try await queue.inOneCommit([expire(queue, fixture, count: 1), look] + (isRunTwice ? [refused] : []))
            #expect(!queue.deliveryLeases.withLock { $0.isHeld("msg_1") })
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.deliveriesDead == 1 && statistics.deliveriesPending == 0)
        }
    }

    @Test("one that is redelivered in the same commit is due or dead, as the last of them says, and counted once")
    func redelivered() async throws {
        for isRedeliveredFirst in [false, true] {
            try await withOld { fixture, queue in
                let redeliver: @Sendable () async throws -> Void = { _ = try await queue.redeliver("msg_1", now: fixture.now) }
                let expire = expire(queue, fixture, count: isRedeliveredFirst ? 0 : 1)
                try await queue.inOneCommit(isRedeliveredFirst ? [redeliver, expire] : [expire, redeliver])
                #expect(!queue.deliveryLeases.withLock { $0.isHeld("msg_1") })
                let delivery = try #require(try await queue.delivery("msg_1"))
                #expect(delivery.state == .pending && delivery.nextAttemptAt == fixture.now)
                let statistics = try await queue.statistics(now: fixture.now)
                #expect(statistics.deliveriesDead == 0 && statistics.deliveriesPending == 1)
                #expect(try await fixture.leaseDeliveries(queue).count == 1)
            }
        }
    }

    @Test("one that dies while due deliveries are read is leased to nobody")
    func diesWhileRead() async throws {
        try await withOld { fixture, queue in
            let held = queue.deliveryLeases.withLock { leases in
                leases.startReading()
                return leases
            }
            let (due, rows) = try queue.due(DeliveryQuery(limit: 9), at: fixture.now, beside: held)
            #expect(rows.count == 1)
            try await expire(queue, fixture, count: 1)()
            let leased = queue.deliveryLeases.withLock { leases in
                defer { leases.stopReading() }
                return leases.take(rows, of: due)
            }
            #expect(leased.isEmpty)
        }
    }

    @Test("if the commit fails it is pending as before, and signalled")
    func rolledBack() async throws {
        try await withOld { fixture, queue in
            _ = fixture.events.take()
            try await queue.inOneCommit([
                {
                    await #expect(throws: QueueError.self) {
                        _ = try await queue.expireDeliveries(now: fixture.now, limit: 9)
                    }
                },
                {
                    await #expect(throws: QueueError.self) {
                        try await queue.writer.write { context in
                            // Ends the transaction, and with it all of the commit.
                            try context.sql("ROLLBACK").run()
                            throw QueueError.refused("no")
                        }
                    }
                },
            ])
            #expect(fixture.events.take().deliveriesDue > 0)
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.state) == [.pending])
            #expect(try await queue.statistics(now: fixture.now).deliveriesPending == 1)
        }
    }
}
