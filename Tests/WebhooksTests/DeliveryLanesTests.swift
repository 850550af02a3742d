import JobQueue
import SyncModel
import Testing

@testable import Webhooks

@Suite("Delivery lanes")
struct DeliveryLanesTests {
    let limits = CourierLimits()

    func delivery(_ id: String, _ host: String) -> Delivery {
        Delivery(
            what: NewDelivery(
                id: id, jobID: nil, type: "t", url: "https://\(host)/x", isConfiguredURL: true, body: [], tenantID: nil,
                source: nil,
                traceparent: nil),
            state: .pending, createdAt: Timestamp(microseconds: 0), attempts: 0, nextAttemptAt: Timestamp(microseconds: 0),
            lastAttemptAt: nil, deliveredAt: nil, lastStatus: nil, lastError: nil)
    }

    /// Lets the lanes ask until they want nothing, answered from `backlog` as the outbox would.
    func feed(_ lanes: inout DeliveryLanes, _ backlog: [Delivery]) -> Int {
        var questions = 0
        while let wish = lanes.wish() {
            questions += 1
            let due = backlog.filter {
                !wish.excluding.contains($0.what.id) && !wish.excludingDestinations.contains($0.what.destination)
            }
            lanes.add(Array(due.prefix(wish.limit)), for: wish)
        }
        return questions
    }

    func startAll(_ lanes: inout DeliveryLanes) -> [Delivery] {
        var started: [Delivery] = []
        while let delivery = lanes.start() { started.append(delivery) }
        return started
    }

    @Test("nothing is asked unless something may be due")
    func quiet() {
        var lanes = DeliveryLanes(limits: limits)
        #expect(lanes.wish() == nil)
        lanes.look()
        #expect(lanes.wish() != nil)
        #expect(lanes.wish() == nil)
    }

    @Test("a backlog of one destination hides no other")
    func backlog() {
        var lanes = DeliveryLanes(limits: limits)
        lanes.look()
        let questions = feed(&lanes, (0..<1000).map { delivery("a\($0)", "a") } + [delivery("b", "b")])
        #expect(questions < 5)
        let started = startAll(&lanes)
        #expect(started.filter { $0.what.destination == "https://a" }.count == limits.perNewDestination)
        #expect(started.contains { $0.what.id == "b" })
    }

    @Test("all of a long backlog is sent, each once, in order")
    func drains() {
        var lanes = DeliveryLanes(limits: limits)
        var backlog = (0..<500).map { delivery("a\($0)", "a") }
        var sent: [String] = []
        lanes.look()
        while !backlog.isEmpty {
            _ = feed(&lanes, backlog)
            let started = startAll(&lanes)
            guard !started.isEmpty else { break }
            for delivery in started {
                sent.append(delivery.what.id)
                lanes.sent(delivery, isDelivered: true, isTrouble: false)
                backlog.removeAll { $0.what.id == delivery.what.id }
                lanes.settled(delivery.what.id)
            }
        }
        #expect(sent == (0..<500).map { "a\($0)" })
        #expect(lanes.isIdle)
    }

    @Test("a lane widens with what is delivered up to its limit, and trouble narrows it to one")
    func width() {
        var lanes = DeliveryLanes(limits: limits)
        let backlog = (0..<400).map { delivery("a\($0)", "a") }
        lanes.look()
        var widths: [Int] = []
        var open: [Delivery] = []
        for _ in 0..<30 {
            _ = feed(&lanes, backlog)
            open += startAll(&lanes)
            widths.append(open.count)
            let done = open.removeFirst()
            lanes.sent(done, isDelivered: true, isTrouble: false)
        }
        #expect(widths.first == limits.perNewDestination)
        #expect(widths.max() == limits.perDestination && widths.last == limits.perDestination)
        for delivery in open { lanes.sent(delivery, isDelivered: false, isTrouble: true) }
        #expect(startAll(&lanes).count == 1)
    }

    @Test("destinations in trouble have half of all places together")
    func manyDead() {
        var lanes = DeliveryLanes(limits: limits)
        let hosts = (0..<200).map { "dead\($0)" }
        // Each host fails once.
        for host in hosts {
            lanes.look()
            _ = feed(&lanes, [delivery("first-\(host)", host)])
            for delivery in startAll(&lanes) {
                lanes.sent(delivery, isDelivered: false, isTrouble: true)
                lanes.settled(delivery.what.id)
            }
        }
        lanes.look()
        let backlog = hosts.map { delivery("second-\($0)", $0) } + (0..<40).map { delivery("g\($0)", "good\($0)") }
        _ = feed(&lanes, backlog)
        let started = startAll(&lanes)
        #expect(started.filter { $0.what.id.hasPrefix("second") }.count == limits.concurrent / 2)
        #expect(started.count == limits.concurrent)
        // Places come back when attempts end, though a lane's trouble is over by then.
        for delivery in started {
            lanes.sent(delivery, isDelivered: true, isTrouble: false)
            lanes.settled(delivery.what.id)
        }
        #expect(startAll(&lanes).count == limits.concurrent / 2 + 8)
    }

    @Test("sending stops while too much is unrecorded")
    func unrecorded() {
        var lanes = DeliveryLanes(limits: limits)
        let backlog = (0..<1000).map { delivery("a\($0)", "a") }
        lanes.look()
        var open: [String] = []
        while open.count < 1000 {
            _ = feed(&lanes, backlog)
            let started = startAll(&lanes)
            guard !started.isEmpty else { break }
            for delivery in started {
                lanes.sent(delivery, isDelivered: true, isTrouble: false)
                open.append(delivery.what.id)
            }
        }
        #expect(open.count == DeliveryLanes.maxUnrecorded)
        lanes.settled(open[0])
        _ = feed(&lanes, backlog)
        #expect(startAll(&lanes).count == 1)
    }
}
