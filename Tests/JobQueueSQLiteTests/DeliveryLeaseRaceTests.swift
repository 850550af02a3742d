import JobQueue
import JobQueueConformance
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
                        #expect(!queue.deliveryLeases.withLock { $0.end("msg_1", leased.lease) != nil })
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
