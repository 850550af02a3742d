import JobQueue
import NIOHTTP1
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhook courier", .timeLimit(.minutes(5)))
struct WebhookCourierTests {
    @Test("a due webhook is sent with its headers, signed with every secret, and recorded as delivered")
    func delivered() async throws {
        let receiver = HTTPReceiver(.status(204))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url + "/hook?x=1")
            try await bench.run { _ in
                await bench.add("evt_1", to: url + "/hook?x=1")
                let attempt = try await bench.outbox.attempts(1)[0]
                #expect(attempt.next == .delivered && attempt.status == 204 && attempt.error == nil)
                #expect(attempt.at == bench.clock.start)
            }
            let request = receiver.requests[0]
            #expect(request.method == .POST && request.uri == "/hook?x=1")
            #expect(String(decoding: request.body, as: UTF8.self) == #"{"type":"user_sync.completed","id":"evt_1"}"#)
            for (name, value) in [
                ("content-type", "application/json"), ("webhook-id", "evt_1"), ("x-tenant-id", "tenant-1"),
                ("x-sync-source", "wrapper"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("user-agent", "usersync/1.2.3"),
                ("webhook-timestamp", String(Int64(bench.clock.start.seconds))), ("x-internal-api-key", CourierBench.key),
                ("content-length", String(request.body.count)),
            ] {
                #expect(request.headers[name] == [value], "\(name)")
            }
            for secret in CourierBench.secrets {
                try WebhookVerifier(secrets: [secret]).verify(
                    id: "evt_1", timestamp: request.headers.first(name: "webhook-timestamp"),
                    signature: request.headers.first(name: "webhook-signature"), body: request.body, now: bench.clock.start)
            }
        }
    }

    @Test("a body that is gone or cannot be read is its delivery's failure, with a reason, and not its destination's")
    func damagedBody() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            for id in ["gone", "torn", "whole"] { await bench.add(id, to: url) }
            await bench.outbox.damageBody(of: "gone", isGone: true)
            await bench.outbox.damageBody(of: "torn", isGone: false)
            try await bench.run { courier in
                let attempts = try await bench.outbox.attempts(3)
                let byID = Dictionary(attempts.map { ($0.deliveryID, $0) }) { first, _ in first }
                #expect(byID["gone"]?.next == .dead && byID["gone"]?.error == "its body is gone")
                #expect(byID["torn"]?.next == .retry(at: bench.clock.start.advanced(bySeconds: 5)))
                #expect(byID["torn"]?.error == "its body cannot be read" && byID["torn"]?.status == nil)
                #expect(byID["whole"]?.next == .delivered)
                #expect(await courier.limiter.destinations.values.allSatisfy { $0.health.failures == 0 })
            }
        }
        #expect(receiver.requests.count == 1)
    }

    @Test("a webhook that is not taken is sent again after each delay of the schedule with the same id, then it is dead")
    func schedule() async throws {
        let receiver = HTTPReceiver(.status(500))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                await bench.add("evt_1", to: url)
                for (n, delay) in DeliverySchedule.delays.enumerated() {
                    let attempt = try await bench.outbox.attempts(n + 1)[n]
                    #expect(attempt.error == "HTTP 500" && attempt.status == 500)
                    #expect(attempt.next == .retry(at: bench.clock.timestamp.advanced(bySeconds: delay)))
                    try await bench.goOn(to: delay)
                }
                let last = try await bench.outbox.attempts(DeliverySchedule.delays.count + 1).last
                #expect(last?.next == .dead)
            }
            #expect(Set(receiver.requests.map { $0.headers["webhook-id"] }) == [["evt_1"]])
            // Signed anew with the moment of each attempt.
            #expect(Set(receiver.requests.map { $0.headers["webhook-timestamp"] }).count == receiver.requests.count)
        }
    }

    @Test("Retry-After puts the next attempt off, in seconds and as a date")
    func retryAfter() async throws {
        let start = ManualClock().start
        // 2026-09-21T14:13:20Z is the clock's start.
        #expect(start.iso8601 == "2026-09-21T14:13:20.000Z")
        for (value, delay) in [("100", 100.0), ("Mon, 21 Sep 2026 14:15:20 GMT", 120.0), ("1", 5.0)] {
            let receiver = HTTPReceiver(.status(500, headers: [("Retry-After", value)]))
            try await receiver.run { url in
                let bench = try CourierBench(configured: url)
                try await bench.run { _ in
                    await bench.add("evt_1", to: url)
                    let attempt = try await bench.outbox.attempts(1)[0]
                    #expect(attempt.next == .retry(at: start.advanced(bySeconds: delay)), "\(value)")
                }
            }
        }
    }

    @Test("while a receiver asks to wait it gets nothing, which costs no attempt; then all of it, also what came meanwhile")
    func asksToWait() async throws {
        for status in [429, 503] {
            let receiver = HTTPReceiver { _, number in
                number == 1 ? .status(status, headers: [("Retry-After", "50")]) : .status(200)
            }
            try await receiver.run { url in
                let bench = try CourierBench(configured: url)
                try await bench.run { courier in
                    await bench.add("evt_1", to: url)
                    let first = try await bench.outbox.attempts(1)[0]
                    #expect(first.next == .putOff)
                    #expect(first.error == "HTTP \(status), waits until 2026-09-21T14:14:10.000Z")
                    await bench.add("evt_2", to: url)
                    // The heartbeat, and the end of the wait.
                    try await bench.clock.sleepers(2)
                    bench.clock.advance(by: .seconds(49))
                    let questions = await bench.outbox.questions
                    courier.wake()
                    #expect(await eventually { await bench.outbox.questions > questions })
                    #expect(receiver.requests.count == 1)
                    bench.clock.advance(by: .seconds(1.1))
                    let all = try await bench.outbox.attempts(3)
                    #expect(all.dropFirst().allSatisfy { $0.next == .delivered })
                    #expect(await bench.outbox.deliveries.values.allSatisfy { $0.attempts == 1 })
                }
            }
        }
    }

    @Test("a receiver that says that it takes no more gets nothing until the time that it names")
    func saysHowMany() async throws {
        let receiver = HTTPReceiver { _, number in
            .status(200, headers: number == 1 ? [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "50")] : [])
        }
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { courier in
                await bench.add("evt_1", to: url)
                _ = try await bench.outbox.attempts(1)
                await bench.add("evt_2", to: url)
                // The heartbeat, and the end of the window.
                try await bench.clock.sleepers(2)
                #expect(receiver.requests.count == 1)
                bench.clock.advance(by: .seconds(50.1))
                try await #expect(bench.outbox.attempts(2)[1].next == .delivered)
            }
        }
    }

    @Test("410 is dead at once; a redirect is not followed but tried again")
    func goneAndRedirect() async throws {
        let elsewhere = HTTPReceiver(.status(200))
        try await elsewhere.run { target in
            let receiver = HTTPReceiver { request, _ in
                request.uri == "/gone" ? .status(410) : .status(302, headers: [("Location", target)])
            }
            try await receiver.run { url in
                for (path, next) in [
                    ("/gone", DeliveryAttempt.Next.dead), ("/moved", .retry(at: ManualClock().start.advanced(bySeconds: 5))),
                ] {
                    let bench = try CourierBench(configured: url + path)
                    try await bench.run { _ in
                        await bench.add("evt_1", to: url + path)
                        try await #expect(bench.outbox.attempts(1)[0].next == next)
                    }
                }
                #expect(receiver.requests.count == 2)
            }
        }
        #expect(elsewhere.requests.isEmpty)
    }

    @Test("an answer with an endless or a dripping body ends, and its status counts")
    func hostileBodies() async throws {
        // The first meets the limit in bytes, the second that in time.
        for (reply, drain) in [(HTTPReceiver.Reply.endlessBody, Duration.seconds(30)), (.slowBody, .milliseconds(200))] {
            let receiver = HTTPReceiver(reply)
            try await receiver.run { url in
                var bench = try CourierBench(configured: url)
                bench.limits.drain = drain
                bench.limits.attempt = .seconds(40)
                let start = ContinuousClock.now
                try await bench.run { [bench] _ in
                    await bench.add("evt_1", to: url)
                    try await #expect(bench.outbox.attempts(1)[0].next == .delivered)
                }
                #expect(start.duration(to: .now) < .seconds(60))
                // Beside what the sockets hold, next to nothing is taken: half a minute of it would be gigabytes.
                #expect(receiver.flooded < 64 << 20, "\(receiver.flooded >> 20) MiB")
            }
        }
    }

    @Test("a receiver that never answers, or drips its head, times out")
    func silence() async throws {
        let silent = HTTPReceiver(.silence)
        try await silent.run { silentURL in
            try await RawReceiver(drip: "HTTP/1.1 200 OK\r\nX-Slow: xx").run { port in
                for url in [silentURL, "http://127.0.0.1:\(port)/"] {
                    var bench = try CourierBench(configured: url)
                    bench.limits.attempt = .milliseconds(300)
                    let start = ContinuousClock.now
                    try await bench.run { [bench] _ in
                        await bench.add("evt_1", to: url)
                        let attempt = try await bench.outbox.attempts(1)[0]
                        #expect(attempt.error == "timeout after 0.3 s" && attempt.status == nil)
                        #expect(attempt.next == .retry(at: bench.clock.start.advanced(bySeconds: 5)))
                    }
                    #expect(start.duration(to: .now) < .seconds(60))
                }
            }
        }
    }

    @Test("connection refused, closed connections and unknown hosts are told in words, at once")
    func refused() async throws {
        let gone = try await HTTPReceiver(.silence).run { $0 }
        let start = ContinuousClock.now
        for (url, error) in [(gone, "connection refused"), ("http://no-such-host.invalid/", "host not found")] {
            var bench = try CourierBench(configured: url)
            // What a machine's own resolver takes over an unknown name is not ours to say.
            if url.contains(".invalid") { bench.resolver = FakeResolver([]) }
            try await bench.run { [bench] _ in
                await bench.add("evt_1", to: url)
                try await #expect(bench.outbox.attempts(1)[0].error == error)
            }
        }
        #expect(start.duration(to: .now) < .seconds(60))
        try await HTTPReceiver(.close).run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                await bench.add("evt_1", to: url)
                try await #expect(bench.outbox.attempts(1)[0].error == "connection closed without an answer")
            }
        }
    }

    @Test("a kept connection that the receiver has closed meanwhile costs no attempt")
    func lostKeepAlive() async throws {
        let receiver = HTTPReceiver { _, number in number == 2 ? .close : .status(200) }
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                for n in 1...2 {
                    await bench.add("evt_\(n)", to: url)
                    try await #expect(bench.outbox.attempts(n)[n - 1].next == .delivered)
                }
            }
        }
        #expect(receiver.requests.map { $0.headers["webhook-id"] } == [["evt_1"], ["evt_2"], ["evt_2"]])
    }

    @Test("a receiver that reads a request on a new connection and closes without an answer gets it once in an attempt")
    func closedWithoutAnswer() async throws {
        let receiver = HTTPReceiver(.close)
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { [bench] _ in
                await bench.add("evt_1", to: url)
                let attempt = try await bench.outbox.attempts(1)[0]
                #expect(attempt.error == "connection closed without an answer")
                #expect(attempt.next == .retry(at: bench.clock.start.advanced(bySeconds: 5)))
            }
        }
        #expect(receiver.requests.count == 1)
    }

    @Test("an answer that cannot be read is told as that, not as a webhook that was not sent")
    func unreadableAnswer() async throws {
        try await RawReceiver(drip: "220 mail.example ESMTP\r\n").run { port in
            let bench = try CourierBench(configured: "http://127.0.0.1:\(port)/")
            try await bench.run { [bench] _ in
                await bench.add("evt_1", to: "http://127.0.0.1:\(port)/")
                let attempt = try await bench.outbox.attempts(1)[0]
                #expect(attempt.error == "the answer cannot be read" && attempt.status == nil)
                #expect(attempt.next == .retry(at: bench.clock.start.advanced(bySeconds: 5)))
            }
        }
    }

    @Test("a host's sixth address is found where the others take no connection, and is remembered")
    func sixthAddress() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            // The port is bound on 127.0.0.1 alone.
            let named = url.replacing("127.0.0.1", with: "wrapper.test")
            var bench = try CourierBench(configured: named)
            bench.resolver = FakeResolver([
                "127.0.0.9", "127.0.0.8", "127.0.0.7", "127.0.0.6", "127.0.0.5", "127.0.0.1",
            ])
            try await bench.run { [bench] _ in
                for n in 1...3 {
                    await bench.add("evt_\(n)", to: named)
                    try await #expect(bench.outbox.attempts(n)[n - 1].next == .delivered)
                }
            }
            #expect(Set(receiver.requests.map { $0.headers["host"] }) == [[String(named.dropFirst(7))]])
        }
        // The winner of the race, and the one that carried all requests.
        #expect(receiver.connections == 2)
    }

    @Test("silent addresses of one family, and of both, do not keep a webhook from an address that answers")
    func silentAddresses() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let named = url.replacing("127.0.0.1", with: "wrapper.test")
            let port = try WebAddress(url).port
            let silent = try await SilentListeners(["127.0.0.21", "127.0.0.22", "127.0.0.23"], port: port)
            // Mapped addresses are of IPv6, and reach the silent ones.
            for addresses in [
                ["::ffff:127.0.0.21", "::ffff:127.0.0.22", "::ffff:127.0.0.23", "127.0.0.1"],
                ["127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.1"],
            ] {
                var bench = try CourierBench(configured: named)
                bench.resolver = FakeResolver(addresses)
                // One silent address alone would use up the attempt.
                bench.limits.connect = bench.limits.attempt * 2
                try await bench.run { [bench] _ in
                    await bench.add("evt_1", to: named)
                    let attempt = try await bench.outbox.attempts(1)[0]
                    #expect(attempt.next == .delivered, "\(attempt.error ?? "")")
                }
            }
            await silent.close()
        }
    }

    @Test("an address that was good and is gone is replaced within the attempt")
    func movedAddress() async throws {
        let first = HTTPReceiver(.status(200, headers: [("Connection", "close")]))
        let second = HTTPReceiver(.status(200))
        try await second.run { url in
            let named = url.replacing("127.0.0.1", with: "wrapper.test")
            let port = try WebAddress(url).port
            var bench = try CourierBench(configured: named)
            bench.resolver = FakeResolver(["127.0.0.31", "127.0.0.1"])
            try await bench.run { [bench] _ in
                try await first.run(on: "127.0.0.31", port: port) { _ in
                    await bench.add("evt_1", to: named)
                    try await #expect(bench.outbox.attempts(1)[0].next == .delivered)
                }
                await bench.add("evt_2", to: named)
                try await #expect(bench.outbox.attempts(2)[1].next == .delivered)
            }
        }
        #expect(first.requests.count == 1 && second.requests.count == 1)
    }

    @Test("an address that takes connections no more is not preferred")
    func lostPreference() async throws {
        let clients = PinnedClients(limits: CourierLimits(), resolver: FakeResolver(["127.0.0.31", "127.0.0.1"]))
        try await HTTPReceiver(.status(200)).run { url in
            let url = try WebAddress(url.replacing("127.0.0.1", with: "wrapper.test"))
            let pins = try await clients.pins(for: url, reach: .anywhere)
            func reachable() async throws -> String {
                try await clients.reachable(pins, of: url, reach: .anywhere).address.description
            }
            try await HTTPReceiver(.status(200)).run(on: "127.0.0.31", port: url.port) { _ in
                try await #expect(reachable() == "127.0.0.31")
            }
            #expect(try await reachable() == "127.0.0.31", "it was good")
            await clients.failed(pins[1], of: url, reach: .anywhere)
            #expect(try await reachable() == "127.0.0.31", "another failed")
            await clients.failed(pins[0], of: url, reach: .anywhere)
            #expect(try await reachable() == "127.0.0.1")
        }
        await clients.shutdown()
    }

    @Test("an answer with a status that is none does not end the process", arguments: ["000", "010", "099"])
    func noStatus(code: String) async throws {
        try await RawResponder(answer: "HTTP/1.1 \(code) No\r\nContent-Length: 2\r\n\r\n{}").serve { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                await bench.add("evt_1", to: url)
                let attempt = try await bench.outbox.attempts(1)[0]
                #expect(attempt.status == nil && attempt.error == "the answer cannot be read")
            }
        }
    }

    @Test("line breaks in what a caller sent do not become headers")
    func injection() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                await bench.add("evt_1", to: url, tenantID: "a\r\nX-Evil: 1\u{0}\u{85}é")
                try await #expect(bench.outbox.attempts(1)[0].next == .delivered)
            }
        }
        #expect(receiver.requests[0].headers["x-tenant-id"] == ["aX-Evil: 1é"])
        #expect(receiver.requests[0].headers["x-evil"].isEmpty)
    }

    @Test("a delivery for the configured address goes to the present one")
    func movedConfiguration() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                await bench.add("evt_1", to: "http://old.invalid/hook")
                try await #expect(bench.outbox.attempts(1)[0].next == .delivered)
            }
        }
        #expect(receiver.requests.count == 1)
    }

    @Test("many webhooks share few connections, and all arrive once")
    func keepAlive() async throws {
        let receiver = HTTPReceiver(.status(200, body: "ok"))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            try await bench.run { _ in
                for n in 0..<500 { await bench.add("evt_\(n)", to: url) }
                _ = try await bench.outbox.attempts(500)
            }
            #expect(Set(receiver.requests.map { $0.headers["webhook-id"] }).count == 500)
            #expect(receiver.requests.count == 500)
            #expect(receiver.peakConnections <= bench.limits.perDestination)
            // Those that were idle for seconds are closed: on a slow machine some are.
            #expect(receiver.connections < 100)
        }
    }

    @Test("while the outbox cannot be read the courier waits a second and goes on")
    func outboxAway() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let bench = try CourierBench(configured: url)
            await bench.outbox.failReads(1)
            await bench.add("evt_1", to: url)
            try await bench.run { _ in
                try await bench.clock.sleepers(1)
                bench.clock.advance(by: .seconds(1.1))
                try await #expect(bench.outbox.attempts(1)[0].next == .delivered)
            }
        }
    }

    @Test("while an attempt cannot be recorded it is not sent again, and the trouble is told once")
    func recordFails() async throws {
        let receiver = HTTPReceiver(.status(200))
        let log = TestLog()
        try await receiver.run { url in
            var bench = try CourierBench(configured: url)
            bench.log = log
            await bench.outbox.failWrites(3)
            try await bench.run { [bench] courier in
                await bench.add("evt_1", to: url)
                _ = try await receiver.requests(1)
                while await bench.outbox.attempts.isEmpty {
                    courier.wake()
                    bench.clock.advance(by: .seconds(1))
                    await Task.yield()
                }
            }
        }
        #expect(receiver.requests.count == 1)
        #expect(
            log.lines.filter { !$0.hasPrefix("debug") } == [
                "error Recording a webhook's attempt failed and is tried again",
                "notice Recording a webhook's attempt works again",
            ])
    }
}

extension CourierBench {
    /// Moves the clock by so many seconds, in steps as long as the courier sleeps at most, each once it sleeps again.
    func goOn(to seconds: Double) async throws {
        var left = seconds
        while left > 0 {
            try await clock.sleepers(1)
            let step = min(left, 60)
            clock.advance(by: .seconds(step) + .microseconds(2))
            left -= step
        }
    }
}
