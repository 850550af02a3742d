import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhook courier: an outbox from which no body can be read", .timeLimit(.minutes(5)))
struct UnreadableBodyTests {
    private func bench() throws -> CourierBench {
        var bench = try CourierBench()
        let sender = HeldSender()
        sender.allowed.set(.max)
        bench.sender = sender
        return bench
    }

    @Test("costs no attempt, and all is sent when it can be read again; it is told once")
    func outage() async throws {
        let bench = try bench()
        await bench.outbox.failBodies(8)
        for n in 0..<3 { await bench.add("evt_\(n)", to: "http://a.test/") }
        try await bench.run { courier in
            #expect(
                await eventually {
                    bench.clock.advance(by: .milliseconds(300))
                    return await bench.outbox.states == [.delivered: 3]
                })
            #expect(await courier.unread.isEmpty)
            #expect(await courier.limiter.isIdle)
        }
        #expect(await bench.outbox.attempts.count == 3)
        #expect(await bench.outbox.deliveries.values.allSatisfy { $0.attempts == 1 && $0.lastError == nil })
        #expect(
            bench.log.lines.filter { !$0.hasPrefix("debug") } == [
                "error Reading the bodies of webhooks failed and is tried again",
                "notice Reading the bodies of webhooks works again",
            ])
    }

    @Test("is read again after a second, and not before")
    func pause() async throws {
        let bench = try bench()
        await bench.outbox.failBodies(.max)
        await bench.add("evt_1", to: "http://a.test/")
        try await bench.run { courier in
            for reads in 1...3 {
                #expect(await eventually { await bench.outbox.bodyReads == reads })
                let before = await bench.outbox.questions
                courier.wake()
                #expect(await eventually { await bench.outbox.questions > before })
                #expect(await bench.outbox.bodyReads == reads)
                // The alarm, and the pause.
                try await bench.clock.sleepers(2)
                bench.clock.advance(by: .seconds(1))
            }
        }
    }
}
