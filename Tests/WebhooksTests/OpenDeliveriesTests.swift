import JobQueue
import Logging
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Open deliveries")
struct OpenDeliveriesTests {
    @Test("a delivery is started once, sent once and settled once, in that order; any other move throws and changes nothing")
    func order() throws {
        var open = OpenDeliveries()
        let (first, second) = (leased("a", 1), leased("a", 2))
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "not open", met: "sent")) { try open.sent(first) }
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "not open", met: "settled")) { try open.settled(first) }
        try open.start(first)
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being sent", met: "start")) { try open.start(first) }
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being sent", met: "settled")) { try open.settled(first) }
        #expect(open.count == 1)
        try open.sent(first)
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being recorded", met: "start")) { try open.start(first) }
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being recorded", met: "sent")) { try open.sent(first) }
        // Redelivered meanwhile: the same delivery under another lease.
        try open.start(second)
        #expect(open.count == 2)
        try open.settled(first)
        try open.sent(second)
        try open.settled(second)
        #expect(open.isEmpty)
    }

    @Test("two deliveries under leases of the same number are told apart")
    func sameLease() throws {
        var open = OpenDeliveries()
        for id in ["a", "b"] { try open.start(leased(id, 1)) }
        #expect(open.count == 2)
        for id in ["b", "a"] {
            try open.sent(leased(id, 1))
            try open.settled(leased(id, 1))
        }
        #expect(open.isEmpty)
    }

    @Test("the courier reports a move that cannot be: to the log as an error, and to whoever wants to stop there")
    func reported() async throws {
        let bench = try CourierBench()
        let met = Shared<[ImpossibleTransition]>([])
        let courier = WebhookCourier(
            outbox: bench.outbox, settings: bench.settings,
            logger: Logger(label: "test") { _ in bench.log }, impossible: { met.value.append($0) })
        await courier.settle(leased("evt_1", 1))
        #expect(met.value == [ImpossibleTransition(.delivery, "evt_1", in: "not open", met: "settled")])
        #expect(bench.log.lines == ["error impossible transition"])
    }

    private func leased(_ id: String, _ lease: Int64) -> LeasedDelivery {
        let what = DeliveryHead(
            id: id, jobID: nil, type: "t", url: "https://a", isConfiguredURL: true, tenantID: nil, source: nil, traceparent: nil)
        let now = Timestamp(microseconds: 0)
        let delivery = Delivery(
            what: what, state: .pending, createdAt: now, attempts: 0, nextAttemptAt: now, lastAttemptAt: nil, deliveredAt: nil,
            lastStatus: nil, lastError: nil)
        return LeasedDelivery(delivery, lease: DeliveryLease(value: lease), expiresAt: nil)
    }
}

extension WebhookCourier {
    fileprivate func settle(_ leased: LeasedDelivery) { limiter.settled(leased) }
}
