import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("What a courier keeps of its destinations", .timeLimit(.minutes(5)))
struct DestinationMemoryTests {
    private let start = Timestamp(microseconds: 1_790_000_000_000_000)
    private let limits = CourierLimits()

    private func at(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }

    /// One whose receiver took so many in a second and then asked to wait.
    private func health(taken: Int, wait: Double, at time: Timestamp) -> DestinationHealth {
        var health = DestinationHealth(limits)
        for _ in 0..<taken { health.answered(.taken, at: time, limits) }
        health.answered(.wait(seconds: wait), at: time, limits)
        return health
    }

    @Test("nothing is kept of one that takes all, however long")
    func nothing() {
        var memory = DestinationMemory()
        var health = DestinationHealth(limits)
        for n in 0..<1000 {
            health.answered(.taken, at: at(Double(n)), limits)
            memory.note("a", health, at: at(Double(n)), due: at(Double(n)))
            #expect(memory.take(at: at(Double(n))).isEmpty)
        }
    }

    @Test("a rate is kept when it is learnt and has changed by a fifth, at most once a minute; at the end all is")
    func rate() {
        var memory = DestinationMemory()
        memory.note("a", health(taken: 20, wait: 5, at: start), at: start, due: start)
        let first = memory.take(at: start)
        #expect(first.map(\.rate) == [0.97 * 20] && first.map(\.heldUntil) == [nil])
        #expect(memory.take(at: at(100)).isEmpty)
        memory.note("a", health(taken: 19, wait: 5, at: at(1)), at: at(1), due: at(1))
        #expect(memory.take(at: at(100), all: true).isEmpty, "nearly the same")
        memory.note("a", health(taken: 40, wait: 5, at: at(2)), at: at(2), due: at(2))
        #expect(memory.take(at: at(59)).isEmpty)
        #expect(memory.take(at: at(60)).map(\.rate) == [0.97 * 40])
        memory.note("a", health(taken: 10, wait: 5, at: at(61)), at: at(61), due: at(61))
        #expect(memory.take(at: at(62)).isEmpty)
        #expect(memory.take(at: at(62), all: true).count == 1)
    }

    @Test("a hold of more than a minute is kept at once, and again only when it has become longer")
    func hold() {
        var memory = DestinationMemory()
        memory.note("a", health(taken: 20, wait: 5, at: start), at: start, due: start)
        _ = memory.take(at: start)
        memory.note("a", health(taken: 20, wait: 86_400, at: at(1)), at: at(1), due: at(1))
        #expect(memory.take(at: at(1)).map(\.heldUntil) == [at(86_401)])
        memory.note("a", health(taken: 20, wait: 86_400, at: at(2)), at: at(2), due: at(2))
        #expect(memory.take(at: at(2), all: true).isEmpty)
    }

    @Test("that a hold has become shorter, or has ended before its time, is kept at once")
    func shorter() {
        for seconds in [600.0, 5] {
            var memory = DestinationMemory()
            var health = health(taken: 20, wait: 86_400, at: start)
            memory.note("a", health, at: start, due: start)
            #expect(memory.take(at: start).count == 1)
            health.answered(.wait(seconds: seconds), toTrial: true, at: at(1), limits)
            memory.note("a", health, at: at(1), due: at(1))
            #expect(memory.take(at: at(1)).map(\.heldUntil) == [seconds > 60 ? at(1 + seconds) : nil])
        }
    }

    @Test("what could not be written is written later, unless more was learnt meanwhile")
    func failed() {
        var memory = DestinationMemory()
        for name in ["a", "b"] { memory.note(name, health(taken: 20, wait: 5, at: start), at: start, due: start) }
        let learnt = memory.take(at: start)
        memory.note("b", health(taken: 60, wait: 5, at: at(1)), at: at(1), due: at(1))
        memory.failed(learnt)
        let again = memory.take(at: at(61)).sorted { $0.destination < $1.destination }
        #expect(again.map(\.rate) == [0.97 * 20, 0.97 * 60])
    }

    @Test("a rate that stays the same is written again now and then, so that it is not pruned with what is old")
    func stable() {
        var memory = DestinationMemory()
        memory.note("a", health(taken: 20, wait: 5, at: start), at: start, due: start)
        _ = memory.take(at: start)
        let soon = at(3600)
        memory.note("a", health(taken: 20, wait: 5, at: soon), at: soon, due: soon)
        #expect(memory.take(at: soon).isEmpty)
        let later = at(DestinationMemory.renewal)
        memory.note("a", health(taken: 20, wait: 5, at: later), at: later, due: later)
        #expect(memory.take(at: later).map(\.learntAt) == [later])
    }

    @Test("of a destination to which nothing is sent any more neither hold nor rate is recalled, and the hold is ended")
    func unused() {
        let kept = ["a", "b"].map { DestinationRecord(destination: $0, rate: 5, heldUntil: at(3000), learntAt: at(-100)) }
        var memory = DestinationMemory(kept, at: start) { $0 == "b" }
        #expect(memory.recalled(at: start, due: start) == [kept[1]])
        let ended = DestinationRecord(destination: "a", rate: nil, heldUntil: nil, learntAt: start)
        #expect(memory.take(at: start) == [ended])
    }

    @Test("webhooks go to the present configured address and to callbacks' hosts; without such an address anywhere")
    func used() throws {
        func settings(_ configured: String?) throws -> WebhookSettings {
            WebhookSettings(
                configuredURL: try configured.map { try WebAddress($0) }, secrets: [], internalKey: nil, sendsAPIKey: false,
                addresses: AddressPolicy(allowedHosts: [try AllowedHost("crm.example.com:8443")]), version: "1")
        }
        let present = try settings("http://New.example.com:80/hook?a=b")
        for destination in ["http://new.example.com", "https://crm.example.com:8443"] {
            #expect(present.maySend(to: destination))
        }
        for destination in ["http://old.example.com", "https://new.example.com", "https://crm.example.com", ""] {
            #expect(!present.maySend(to: destination))
        }
        #expect(try settings(nil).maySend(to: "http://old.example.com"))
    }

    @Test("a hold is kept as the machine's clock will show its end, though the courier's clock is ahead of that")
    func dueTime() {
        var memory = DestinationMemory()
        let year: Double = 365 * 86_400
        memory.note("a", health(taken: 20, wait: 3000, at: at(year)), at: start, due: at(year))
        let kept = memory.take(at: start)
        #expect(kept.map(\.heldUntil) == [at(3000)] && kept.map(\.learntAt) == [start])
        let next = DestinationMemory(kept, at: at(1000))
        #expect(next.recalled(at: at(1000), due: at(year)).map(\.heldUntil) == [at(year + 2000)])
    }

    @Test(
        "a hold that was kept while the clock was ahead is not believed, and is replaced at once",
        arguments: [3600.0, 31_536_000])
    func ahead(by seconds: Double) {
        let kept = DestinationRecord(destination: "a", rate: 5, heldUntil: at(seconds + 120), learntAt: at(seconds))
        var memory = DestinationMemory([kept], at: start)
        let believed = DestinationRecord(destination: "a", rate: 5, heldUntil: nil, learntAt: start)
        #expect(memory.recalled(at: start, due: start).map(\.heldUntil) == [nil])
        #expect(memory.take(at: start) == [believed])
        #expect(memory.take(at: at(1), all: true).isEmpty)
        // So it is if the clock is corrected while the process runs.
        memory = DestinationMemory([kept], at: at(seconds))
        memory.note("a", DestinationHealth(limits), at: start, due: at(seconds + 1))
        #expect(memory.take(at: start).map(\.heldUntil) == [nil])
        memory = DestinationMemory([kept], at: at(seconds))
        memory.note("a", health(taken: 5, wait: 90, at: at(seconds + 1)), at: start, due: at(seconds + 1))
        #expect(memory.take(at: start).map(\.heldUntil) == [at(90)])
    }

    @Test("a hold that is over, or longer than any can be, is none; one that lasts is, as long as it does")
    func recalled() {
        let kept = [-10.0, 10, 80_000, 90_000].map {
            DestinationRecord(destination: "\($0)", rate: 5, heldUntil: at($0), learntAt: at(-100))
        }
        var memory = DestinationMemory(kept, at: start)
        let holds = memory.recalled(at: start, due: start).compactMap(\.heldUntil).sorted()
        #expect(holds == [at(10), at(80_000)])
        #expect(memory.take(at: start).map(\.destination) == ["90000.0"])
    }

    @Test("no record, however odd, makes a pace of none or a hold of more than a day")
    func odd() {
        for rate in [nil, 0, -1, .nan, .infinity, 1e300, 1e-300, 19.4] as [Double?] {
            for held in [nil, .min, 0, .max] as [Int64?] {
                let record = DestinationRecord(
                    destination: "a", rate: rate, heldUntil: held.map { Timestamp(microseconds: $0) }, learntAt: start)
                var health = DestinationHealth(limits, known: record, at: start)
                let hold = health.opensAt?.seconds(since: start) ?? 0
                #expect(hold >= 0 && hold <= 86_400)
                #expect(health.pace.rate.map { $0 >= 0.2 && $0 < 1000 } ?? true)
                health.started(at: at(90_000))
                #expect(health.opensAt.map { $0.seconds(since: at(90_000)) <= 5 } ?? true)
            }
        }
    }

    @Test("a hold outlives the process: the next one sends nothing until it is over, and then goes on")
    func restart() async throws {
        let sender = HeldSender { number in
            number == 1 ? .init(status: 429, error: "HTTP 429", retryAfter: "3000") : .init(status: 200)
        }
        sender.allowed.set(.max)
        var bench = try CourierBench()
        bench.sender = sender
        await bench.add("evt_1", to: "http://a.test/")
        try await bench.run { [bench] _ in
            _ = try await bench.outbox.attempts(1)
            #expect(await eventually { await bench.outbox.known.count == 1 })
        }
        let end = bench.clock.start.advanced(bySeconds: 3000)
        #expect(await bench.outbox.known["http://a.test"]?.heldUntil == end)
        #expect(await bench.outbox.remembered == 1)
        try await bench.run { [bench] _ in
            await bench.add("evt_2", to: "http://a.test/")
            try await bench.goOn(to: 2990)
            #expect(sender.sent.count == 1)
            #expect(await bench.outbox.leases.isEmpty, "nothing is held ready for it")
            for _ in 0..<20 where sender.sent.count < 3 { try await bench.goOn(to: 60) }
            #expect(await eventually { sender.sent.count == 3 })
        }
        #expect(Set(sender.sent.dropFirst()) == ["evt_1", "evt_2"])
    }

    @Test("one of which the limiter knows nothing any more begins with the rate that is kept")
    func forgotten() throws {
        var memory = DestinationMemory()
        memory.note("https://a", health(taken: 20, wait: 5, at: start), at: start, due: start)
        _ = memory.take(at: start)
        let backlog = ["a", "b"].map { host in
            LeasedDelivery(
                Delivery(
                    what: DeliveryHead(
                        id: host, jobID: nil, type: "t", url: "https://\(host)/", isConfiguredURL: true, tenantID: nil,
                        source: nil,
                        traceparent: nil),
                    state: .pending, createdAt: start, attempts: 0, nextAttemptAt: start, lastAttemptAt: nil, deliveredAt: nil,
                    lastStatus: nil, lastError: nil), lease: DeliveryLease(value: 1), expiresAt: nil)
        }
        var limiter = DestinationLimiter(limits: limits) { Issue.record("\($0)") }
        limiter.look()
        let asked = limiter.nextQuery(at: start)
        limiter.add(backlog, for: try #require(asked), askedAt: start, at: start) { [memory, start] in
            memory.recalled($0, at: start, due: start)
        }
        #expect(limiter.health(of: "https://a")?.pace.rate == 0.97 * 20)
        #expect(limiter.health(of: "https://b") == DestinationHealth(limits))
    }

    @Test("a rate that is known from before is kept to from the first webhook on")
    func knownRate() {
        var limiter = DestinationLimiter(limits: limits) { Issue.record("\($0)") }
        limiter.remember(
            [DestinationRecord(destination: "https://a", rate: 2, heldUntil: nil, learntAt: start)], at: start)
        let health = limiter.health(of: "https://a")
        #expect(health?.pace.rate == 2 && health?.opensAt == nil)
    }
}
