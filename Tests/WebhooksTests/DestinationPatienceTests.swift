import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Patience with a destination, in simulated time", .timeLimit(.minutes(5)))
struct DestinationPatienceTests {
    /// A receiver that takes so many in each of its windows, and asks for patience otherwise.
    private struct Quota {
        var limit: Int
        var window: Double
        /// The beginning of the first window, 0 to 1 of its length before the start.
        var phase: Double
        var taken: [Int: Int] = [:]

        mutating func answer(at now: Double, wait: Double?) -> DestinationAnswer {
            let place = now / window + phase
            let number = Int(place)
            guard taken[number, default: 0] < limit else {
                return .wait(seconds: wait ?? ((Double(number + 1) - place) * window).rounded(.up))
            }
            taken[number, default: 0] += 1
            return .taken
        }
    }

    @Test(
        "of what a receiver takes in a second nearly all is sent, and little that it refuses",
        arguments: [(0.0, 0.9), (0.3, 0.85), (0.5, 0.85), (0.9, 0.85)])
    func twentyASecond(phase: Double, share: Double) {
        var quota = Quota(limit: 20, window: 1, phase: phase)
        var simulation = PatienceSimulation(4000) { quota.answer(at: $0, wait: 5) }
        simulation.run()
        #expect(simulation.taken.count == 4000)
        #expect(simulation.dead == 0 && simulation.failures == 0)
        #expect(Double(simulation.requests) < 1.1 * 4000)
        #expect(4000 / (20 * simulation.now) >= share, "\(simulation.now) s, \(simulation.requests) requests")
    }

    @Test("of a quota for 15 minutes all is used, so that a backlog takes one window more than it must at most")
    func quarterOfAnHour() {
        var quota = Quota(limit: 200, window: 900, phase: 0)
        var simulation = PatienceSimulation(5000) { quota.answer(at: $0, wait: nil) }
        simulation.run()
        #expect(simulation.taken.count == 5000)
        #expect(simulation.dead == 0 && simulation.failures == 0)
        #expect(Double(simulation.requests) < 1.1 * 5000)
        #expect(simulation.now <= 26 * 900, "\(simulation.now / 900) windows")
    }

    @Test("while a receiver is down it gets a probe now and then, and all that waited soon after its return")
    func down() {
        let isBack: Double = 8 * 3600
        var simulation = PatienceSimulation(60_000) { $0 < isBack ? .failed : .taken }
        simulation.run()
        #expect(simulation.taken.count == 60_000)
        #expect(simulation.dead == 0)
        #expect(simulation.requests - simulation.taken.count < 60_000 / 50)
        #expect(simulation.now < isBack + 600, "\(simulation.now - isBack) s after its return")
    }

    @Test("a webhook to which a receiver always says to wait stops no other")
    func neverTaken() {
        var simulation = PatienceSimulation(200) { _ in .taken }
        simulation.neverTaken = "0"
        simulation.run(until: 1200)
        #expect(simulation.taken.count == 199 && simulation.failures == 0)
    }

    @Test("a receiver that says for too short a time that it wants patience is asked ever more seldom")
    func tooShort() {
        let isBack: Double = 3600
        var simulation = PatienceSimulation(100) { $0 < isBack ? .wait(seconds: 1) : .taken }
        simulation.run()
        #expect(simulation.taken.count == 100 && simulation.failures == 0)
        #expect(simulation.requests < 140)
        #expect(simulation.now < isBack + 600)
    }
}
