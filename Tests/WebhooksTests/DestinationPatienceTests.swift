import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Patience with a destination, in simulated time", .timeLimit(.minutes(5)))
struct DestinationPatienceTests {
    /// Of 4,000 webhooks those that a receiver took, as a share of what it would have taken.
    private func share(of simulation: PatienceSimulation, rate: Double, from start: Double, to end: Double) -> Double {
        Double(simulation.taken.count { $0 > start && $0 <= end }) / (rate * (end - start))
    }

    private func checkTwentyASecond(_ simulation: PatienceSimulation) {
        #expect(share(of: simulation, rate: 20, from: 0, to: 200) >= 0.9)
        #expect(share(of: simulation, rate: 20, from: 60, to: 200) >= 0.95)
        #expect(simulation.taken.count == 4000 && simulation.dead == 0 && simulation.failures == 0)
        #expect(Double(simulation.requests) < 1.1 * 4000)
    }

    @Test(
        "of what a receiver takes in each second nearly all is sent, and little that it refuses",
        arguments: [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    func windows(phase: Double) {
        var receiver = WindowReceiver(limit: 20, window: 1, phase: phase)
        var simulation = PatienceSimulation(4000) { receiver.answer(at: $0, wait: 5) }
        simulation.run()
        checkTwentyASecond(simulation)
    }

    @Test("so it is with a receiver whose allowance refills evenly", arguments: [5.0, 20, 60])
    func bucket(size: Double) {
        var receiver = BucketReceiver(size: size, rate: 20)
        var simulation = PatienceSimulation(4000) { receiver.answer(at: $0, wait: 5) }
        simulation.run()
        checkTwentyASecond(simulation)
    }

    @Test("one that takes nothing beside the even pace is found too", arguments: [1.0, 5])
    func noAllowance(wait: Double) {
        var receiver = BucketReceiver(size: 1, rate: 20)
        var simulation = PatienceSimulation(4000) { receiver.answer(at: $0, wait: wait) }
        simulation.run()
        #expect(share(of: simulation, rate: 20, from: 60, to: 200) >= 0.8)
        #expect(Double(simulation.requests) < 1.1 * 4000)
    }

    @Test("a receiver that says how many more it takes refuses none")
    func quota() {
        var receiver = WindowReceiver(limit: 200, window: 900)
        var simulation = PatienceSimulation(5000) { receiver.answer(at: $0, wait: nil) }
        simulation.quota = { receiver.quota(at: $0) }
        simulation.run()
        #expect(simulation.requests == 5000 && simulation.taken.count == 5000)
        #expect(simulation.now < 25 * 900 + 10)
    }

    @Test("a receiver that says after each one that it takes no more for half a minute gets one in half a minute")
    func noneLeft() {
        var simulation = PatienceSimulation(500) { _ in .taken }
        simulation.quota = { _ in ReceiverQuota(remaining: 0, seconds: 30) }
        simulation.run(until: 1000)
        // At first nothing is known.
        #expect((33...40).contains(simulation.requests))
    }

    @Test("after hours in which it takes nothing a receiver is asked every few minutes, and all is sent soon after its return")
    func hours() {
        let isBack: Double = 6 * 3600
        var receiver = BucketReceiver(size: 5, rate: 20)
        var simulation = PatienceSimulation(4000) { $0 < isBack ? .wait(seconds: 60) : receiver.answer(at: $0, wait: 5) }
        simulation.run()
        #expect(simulation.taken.count == 4000 && simulation.failures == 0)
        #expect(simulation.requests < 4000 + 150)
        #expect(simulation.now < isBack + 300 + 250)
    }

    @Test("where a receiver takes twice as much or half of it, that is found within minutes", arguments: [40.0, 10])
    func changed(to rate: Double) {
        for isBucket in [true, false] {
            var bucket = BucketReceiver(size: 5, rate: 20)
            var windows = WindowReceiver(limit: 20, window: 1, phase: 0.3)
            var simulation = PatienceSimulation(60_000) { now in
                (bucket.rate, windows.limit) = now < 600 ? (20, 20) : (rate, Int(rate))
                return isBucket ? bucket.answer(at: now, wait: 5) : windows.answer(at: now, wait: 5)
            }
            simulation.run(until: 1800)
            #expect(share(of: simulation, rate: rate, from: 900, to: 1800) >= 0.85, "bucket: \(isBucket)")
            #expect(Double(simulation.requests) < 1.1 * Double(simulation.taken.count))
        }
    }

    @Test("two processes that send to one receiver share what it takes")
    func two() {
        for isBucket in [true, false] {
            var bucket = BucketReceiver(size: 5, rate: 20)
            var windows = WindowReceiver(limit: 20, window: 1, phase: 0.3)
            func answer(_ now: Double) -> DestinationAnswer {
                isBucket ? bucket.answer(at: now, wait: 5) : windows.answer(at: now, wait: 5)
            }
            var first = PatienceSimulation(4000) { answer($0) }
            var second = PatienceSimulation(4000) { answer($0) }
            PatienceSimulation.run(&first, &second, until: 200)
            let taken = [first.taken.count, second.taken.count]
            #expect(Double(taken[0] + taken[1]) >= 0.8 * 4000 && taken.allSatisfy { $0 > 800 }, "\(taken)")
            #expect(Double(first.requests + second.requests) < 1.1 * Double(taken[0] + taken[1]))
        }
    }

    @Test("of a quota for 15 minutes all is used, so that a backlog takes one window more than it must at most")
    func quarterOfAnHour() {
        var receiver = WindowReceiver(limit: 200, window: 900)
        var simulation = PatienceSimulation(5000) { receiver.answer(at: $0, wait: nil) }
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
