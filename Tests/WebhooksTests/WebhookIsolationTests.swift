import AsyncHTTPClient
import JobQueue
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhooks: who may be reached, who gets the key, who delays whom", .timeLimit(.minutes(5)))
struct WebhookIsolationTests {
    @Test("a dead receiver delays no other: its backlog holds one place, everybody else's webhooks go out")
    func deadReceiver() async throws {
        let dead = HTTPReceiver(.silence)
        let good = HTTPReceiver(.status(200))
        try await dead.run { deadURL in
            try await good.run { goodURL in
                var bench = try CourierBench()
                bench.limits.concurrent = 8
                // The dead one's backlog is older and longer than a page, a destination's limit and all places.
                for n in 0..<300 { await bench.add("dead_\(n)", to: deadURL) }
                bench.clock.advance(by: .seconds(1))
                for n in 0..<100 { await bench.add("good_\(n)", to: goodURL) }
                try await bench.run { [bench] _ in
                    let attempts = try await bench.outbox.attempts(100)
                    #expect(attempts.allSatisfy { $0.deliveryID.hasPrefix("good_") && $0.next == .delivered })
                }
                #expect(dead.peak <= bench.limits.perNewDestination)
            }
        }
    }

    @Test("a receiver in trouble gets one attempt at a time, and more again once it answers")
    func trouble() async throws {
        // With one failure more it would be down.
        let receiver = HTTPReceiver { _, number in number <= 4 ? .status(503) : .after(.milliseconds(300)) }
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                await bench.add("first", to: url)
                _ = try await bench.outbox.attempts(1)
                for n in 1..<4 { await bench.add("evt_\(n)", to: url) }
                _ = try await bench.outbox.attempts(4)
                #expect(receiver.peak == 1)
                for n in 4..<104 { await bench.add("evt_\(n)", to: url) }
                _ = try await bench.outbox.attempts(104)
                #expect(receiver.peak > 8 && receiver.peak <= bench.limits.perDestination)
            }
        }
    }

    @Test("the key goes to the configured address alone, never to a callback, never if it shall not")
    func key() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            var quiet = try CourierBench(configured: url)
            quiet.settings.sendsAPIKey = false
            // The address was the configured one when the webhook was written; no address is configured now.
            let unset = try CourierBench(configured: nil)
            for (n, bench) in [try CourierBench(configured: url), quiet, unset].enumerated() {
                try await bench.run { _ in
                    await bench.add("evt_\(n)", to: url)
                    try await #expect(bench.outbox.attempts(1)[0].next == .delivered)
                }
            }
        }
        #expect(receiver.requests.map { $0.headers.contains(name: "X-Internal-API-Key") } == [true, false, false])
    }

    @Test("over plain http the key stays here unless the address connected to is private")
    func keyInTheClear() throws {
        let url = try WebAddress("http://wrapper.test/")
        #expect(WebhookSender.mayHaveKey(url, at: try #require(IPAddress("10.0.0.5"))))
        #expect(!WebhookSender.mayHaveKey(url, at: try #require(IPAddress("93.184.215.14"))))
        #expect(WebhookSender.mayHaveKey(try WebAddress("https://wrapper.test/"), at: try #require(IPAddress("93.184.215.14"))))
    }

    @Test("a callback whose name leads to a private address is refused before a byte is sent, and tried again later")
    func privateCallback() async throws {
        let receiver = RawReceiver()
        try await receiver.run { port in
            for answer in [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]] {
                var bench = try CourierBench(allowedHosts: ["hooks.test:\(port)"])
                bench.resolver = FakeResolver(answer)
                try await bench.run { [bench] _ in
                    await bench.add("evt_1", to: "https://hooks.test:\(port)/x", isConfigured: false)
                    let attempt = try await bench.outbox.attempts(1)[0]
                    #expect(attempt.error == "the host's address is not public")
                    #expect(attempt.next == .retry(at: bench.clock.start.advanced(bySeconds: 5)))
                }
            }
        }
        #expect(receiver.connections == 0)
    }

    @Test("what is connected to is the address that was checked, whatever the name server says next; TLS asks for the name")
    func rebinding() async throws {
        let receiver = RawReceiver()
        try await receiver.run { port in
            var bench = try CourierBench(allowedHosts: ["hooks.test:\(port)"])
            // 127.0.0.1 stands for a public address here, 127.0.0.2 for a private one.
            let resolver = FakeResolver(["127.0.0.1"], ["127.0.0.2"])
            bench.resolver = resolver
            bench.isPublic = { $0 == IPAddress("127.0.0.1") }
            bench.limits.resolution = .zero
            try await bench.run { [bench] _ in
                await bench.add("evt_1", to: "https://Hooks.TEST:\(port)/x", isConfigured: false)
                try await #expect(bench.outbox.attempts(1)[0].error == "TLS handshake failed")
                #expect(resolver.questions == 1)
                await bench.add("evt_2", to: "https://hooks.test:\(port)/x", isConfigured: false)
                try await #expect(bench.outbox.attempts(2)[1].error == "the host's address is not public")
            }
            #expect(receiver.connections >= 1)
            // The server name of the TLS hello.
            #expect(receiver.bytes.contains(Array("hooks.test".utf8)))
        }
    }

    @Test("a connection that ended elsewhere than at its pinned address carries no request")
    func guardian() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let clients = PinnedClients(limits: CourierLimits(), resolver: FakeResolver(["93.184.215.14"]))
            let pinned = try WebAddress("http://hooks.test:1/")
            let pin = try await clients.pins(for: pinned, reach: .publicOnly)[0]
            // The pin knows nothing of this host: the client would go wherever it leads.
            await #expect(throws: PinnedClients.NotPublic.self) {
                _ = try await pin.client.execute(.init(url: url), timeout: .seconds(5))
            }
            await clients.shutdown()
        }
        #expect(receiver.requests.isEmpty)
    }

    @Test("a callback to a host that is no longer listed is dead at once")
    func unlisted() async throws {
        let bench = try CourierBench(allowedHosts: ["hooks.test"])
        try await bench.run { _ in
            await bench.add("evt_1", to: "https://gone.test/x", isConfigured: false)
            await bench.add("evt_2", to: "http+unix://%2Ftmp%2Fx/y", isConfigured: false)
            let attempts = try await bench.outbox.attempts(2)
            #expect(attempts.allSatisfy { $0.next == .dead && $0.status == nil && $0.error != nil })
        }
    }

    @Test("a webhook to the configured address waits if that cannot be used, and a corrected setting delivers it")
    func mendedSetting() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            // As an earlier version wrote them; the setting is gone.
            let bench = try CourierBench(configured: nil)
            try await bench.run { [bench] _ in
                await bench.add("evt_1", to: "http://wrapper.test/hook?to={id}")
                let attempt = try await bench.outbox.attempts(1)[0]
                try #require(attempt.next == .retry(at: bench.clock.start.advanced(bySeconds: 5)))
                #expect(attempt.error?.hasPrefix("the address has characters") == true && attempt.status == nil)
            }
            var mended = bench
            mended.settings.configuredURL = try WebAddress(url)
            try await mended.run { [mended] _ in
                try await mended.goOn(to: 5)
                try await #expect(mended.outbox.attempts(2)[1].next == .delivered)
            }
        }
        #expect(receiver.requests.count == 1)
    }

    @Test("from wake to the wire it takes a millisecond or so")
    func latency() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                var best = Duration.seconds(1)
                for n in 1...50 {
                    let start = ContinuousClock.now
                    await bench.add("evt_\(n)", to: url)
                    _ = try await bench.outbox.attempts(n)
                    best = min(best, start.duration(to: receiver.requests[n - 1].receivedAt))
                }
                print("wake to arrival, best of 50:", best)
                #expect(best < .seconds(5), "it is woken: its own look is once a minute")
            }
        }
    }

    @Test("at shutdown an attempt under way may end and is recorded; nothing new is begun")
    func cleanStop() async throws {
        // Longer than it takes until everybody knows of the shutdown.
        let receiver = HTTPReceiver(.after(.seconds(3)))
        try await receiver.run { url in
            var bench = try CourierBench(configured: url)
            bench.limits.attempt = .seconds(40)
            try await bench.stop(grace: .seconds(5), after: receiver)
            #expect(await bench.outbox.attempts.map(\.next) == [.delivered])
            #expect(receiver.requests.count == 1)
        }
    }

    @Test("a courier that is stopped before it begins begins nothing, though it was woken")
    func stoppedFirst() async throws {
        let bench = try CourierBench(configured: "http://127.0.0.1:1/")
        await bench.add("evt_1", to: "http://127.0.0.1:1/")
        let courier = WebhookCourier(
            outbox: bench.outbox, settings: bench.settings, clock: bench.clock,
            logger: Logger(label: "test") { _ in bench.log }, impossible: { Issue.record("\($0)") })
        courier.wake()
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { await courier.run() }
        }
        #expect(await bench.outbox.questions == 0)
    }

    @Test("at shutdown an attempt that does not end in time is given up unrecorded: it is due still")
    func abandoned() async throws {
        let receiver = HTTPReceiver(.silence)
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.stop(grace: .milliseconds(200), after: receiver, isUsedUp: true)
            #expect(await bench.outbox.attempts.isEmpty)
            #expect(await bench.outbox.deliveries["evt_1"]?.nextAttemptAt == bench.clock.start)
        }
    }
}

extension CourierBench {
    /// Runs the courier as a service, sends one webhook, and stops it gracefully once the receiver has it.
    /// - Parameter isUsedUp: whether the grace passes while the attempt is under way.
    fileprivate func stop(grace: Duration, after receiver: HTTPReceiver, isUsedUp: Bool = false) async throws {
        var limits = limits
        limits.shutdownGrace = grace
        // The second has to wait for the first, and so meets the shutdown.
        limits.concurrent = 1
        let courier = WebhookCourier(
            outbox: outbox, settings: settings, limits: limits, clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, impossible: { Issue.record("\($0)") })
        let group = ServiceGroup(
            services: [courier], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await add("evt_1", to: settings.configuredURL?.text ?? "")
            await add("evt_2", to: settings.configuredURL?.text ?? "")
            courier.wake()
            _ = try await receiver.requests(1)
            // The alarm for the next look, then the grace.
            try await clock.sleepers(1)
            await group.triggerGracefulShutdown()
            if isUsedUp {
                try await clock.sleepers(2)
                clock.advance(by: grace)
            }
            try await tasks.waitForAll()
        }
    }
}
