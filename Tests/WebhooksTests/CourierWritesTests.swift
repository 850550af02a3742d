import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("What a courier writes beside its attempts", .timeLimit(.minutes(5)))
struct CourierWritesTests {
    /// To host "busy" an answer that asks for nearly an hour, to others 200.
    private struct Sender: DeliverySender {
        func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> WebhookSender.Outcome {
            guard delivery.what.destination.contains("busy") else { return .init(status: 200) }
            return .init(status: 429, error: "HTTP 429", retryAfter: "3000")
        }

        func close() async {}
    }

    private func bench() throws -> CourierBench {
        var bench = try CourierBench()
        bench.sender = Sender()
        return bench
    }

    @Test("while it takes long to make expired webhooks dead, others are sent; one look at a time")
    func slowExpiry() async throws {
        let bench = try bench()
        let mayReturn = Gauge()
        await bench.outbox.holdWrites(until: mayReturn)
        try await bench.run { courier in
            try await bench.goOn(to: 370)
            try await bench.outbox.waitingWrites.reaches(1)
            await bench.add("evt_1", to: "http://a.test/")
            #expect(await eventually { await bench.outbox.states == [.delivered: 1] })
            try await bench.goOn(to: 200)
            #expect(await eventually { await courier.alarmAt.map { $0 > bench.clock.timestamp } ?? false })
            #expect(await bench.outbox.expiryLooks == 1)
            mayReturn.set(1)
            await bench.add("evt_2", to: "http://a.test/")
            #expect(await eventually { await bench.outbox.states == [.delivered: 2] })
        }
    }

    @Test("while it takes long to keep what was learnt of destinations, others are sent; one write at a time")
    func slowMemory() async throws {
        let bench = try bench()
        let mayReturn = Gauge()
        await bench.outbox.holdWrites(until: mayReturn)
        try await bench.run { _ in
            await bench.add("evt_0", to: "http://busy-0.test/")
            try await bench.outbox.waitingWrites.reaches(1)
            await bench.add("evt_1", to: "http://a.test/")
            await bench.add("evt_2", to: "http://busy-1.test/")
            #expect(await eventually { await bench.outbox.attempts.count == 3 })
            #expect(await bench.outbox.remembered == 1)
            mayReturn.set(1)
            #expect(await eventually { await bench.outbox.known.count == 2 })
            #expect(await bench.outbox.remembered == 2)
        }
    }

    @Test("what could not be kept is tried again after a second, two, and so on, however much is sent meanwhile")
    func memoryFails() async throws {
        let bench = try bench()
        await bench.outbox.failMemory(3)
        try await bench.run { courier in
            await bench.add("evt_0", to: "http://busy.test/")
            for (tries, pause) in [(1, 1.0), (2, 2), (3, 4)] {
                #expect(await eventually { await bench.outbox.remembered == tries })
                #expect(await eventually { await courier.rememberAt != nil })
                for n in 0..<3 {
                    await bench.add("evt_\(tries)_\(n)", to: "http://a.test/")
                    _ = try await bench.outbox.attempts((tries - 1) * 3 + n + 2)
                }
                #expect(await bench.outbox.remembered == tries)
                bench.clock.advance(by: .seconds(pause) + .microseconds(2))
            }
            #expect(await eventually { await bench.outbox.known.count == 1 })
            #expect(await bench.outbox.remembered == 4)
        }
        let told = bench.log.lines.filter { $0.contains("Keeping what is known of webhooks' destinations") }
        #expect(told.count == 2, "\(told)")
    }

    @Test("a courier that stops keeps the rest, and waits two seconds at most for a write that hangs", arguments: [true, false])
    func stops(hangs: Bool) async throws {
        let bench = try bench()
        let (mayReturn, stopped) = (Gauge(), Shared(false))
        if hangs { await bench.outbox.holdWrites(until: mayReturn) }
        // So that there is something left to keep at the end.
        await bench.outbox.failMemory(1)
        let run = Task {
            try await bench.run { _ in
                await bench.add("evt_0", to: "http://busy.test/")
                _ = try await bench.outbox.attempts(1)
                #expect(await eventually { await bench.outbox.remembered == 1 })
            }
            stopped.value = true
        }
        if hangs {
            #expect(
                await eventually {
                    bench.clock.advance(by: .milliseconds(100))
                    return stopped.value
                })
            #expect(await bench.outbox.known.isEmpty)
        } else {
            try await run.value
            #expect(await bench.outbox.known.count == 1)
        }
        mayReturn.set(1)
        try await run.value
    }
}
