import Testing

@testable import Webhooks

@Suite("Destination health")
struct DestinationHealthTests {
    let limits = CourierLimits()

    @Test("each delivery earns one more attempt at a time, up to the limit; trouble takes all but one")
    func transitions() {
        var health = DestinationHealth(limits)
        #expect(health.limit == limits.perNewDestination && !health.isTroubled)
        health.refused()
        #expect(health == DestinationHealth(limits), "it works, and has taken nothing")
        for _ in 0..<50 { health.delivered(limits) }
        #expect(health.limit == limits.perDestination)
        health.troubled()
        #expect(health.limit == 1 && health.isTroubled)
        health.refused()
        #expect(health.limit == 1 && !health.isTroubled)
        health.delivered(limits)
        #expect(health.limit == 2)
    }

    @Test("a destination of which nothing is known never has more than one that answers well")
    func narrow() {
        var limits = limits
        limits.perDestination = 2
        #expect(DestinationHealth(limits).limit == 2)
    }
}
