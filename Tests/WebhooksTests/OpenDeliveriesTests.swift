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
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "not open", met: "sent")) { try open.sent("a") }
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "not open", met: "settled")) { try open.settled("a") }
        try open.start("a")
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being sent", met: "start")) { try open.start("a") }
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being sent", met: "settled")) { try open.settled("a") }
        #expect(open.contains("a") && open.count == 1)
        try open.sent("a")
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being recorded", met: "start")) { try open.start("a") }
        #expect(throws: ImpossibleTransition(.delivery, "a", in: "being recorded", met: "sent")) { try open.sent("a") }
        #expect(open.ids == ["a"])
        try open.settled("a")
        #expect(open.isEmpty)
        try open.start("a")
    }

    @Test("the courier reports a move that cannot be: to the log as an error, and to whoever wants to stop there")
    func reported() async throws {
        let bench = try CourierBench()
        let met = Shared<[ImpossibleTransition]>([])
        let courier = WebhookCourier(
            outbox: bench.outbox, settings: bench.settings, wall: bench.clock.wall,
            logger: Logger(label: "test") { _ in bench.log }, impossible: { met.value.append($0) })
        await courier.settle("evt_1")
        #expect(met.value == [ImpossibleTransition(.delivery, "evt_1", in: "not open", met: "settled")])
        #expect(bench.log.lines == ["error impossible transition"])
    }
}

extension WebhookCourier {
    fileprivate func settle(_ id: String) { limiter.settled(id) }
}
