import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SyncClient
import SyncModel
import Synchronization
import Testing
import Webhooks

@Suite("The receiver of webhooks")
struct WebhookReceiverTests {
    /// The example of the Standard Webhooks specification's libraries.
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let headers = [
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ]
    private static let body = Array(#"{"test": 2432232314}"#.utf8)
    private static let sent = Timestamp(seconds: 1_614_265_330)

    @Test("the receiver answers 204 to what is verified and 401 to what is not, and tells of both")
    func receives() async throws {
        let receiver = WebhookReceiver(verifier: try WebhookVerifier(secrets: [WebhookSecret(Self.secret)]), now: { Self.sent })
        let (events, eventSink) = AsyncStream<WebhookReceiver.Event>.makeStream()
        let (ports, portSink) = AsyncStream<Int>.makeStream()
        let statuses = try await withThrowingTaskGroup(of: [UInt].self) { group in
            group.addTask {
                try? await receiver.run(listening: { portSink.yield($0) }, received: { eventSink.yield($0) })
                return []
            }
            group.addTask {
                let port = await ports.first { _ in true } ?? 0
                var statuses: [UInt] = []
                for body in [Self.body, Self.body + [0x0A]] { statuses.append(try await Self.post(body, port: port)) }
                return statuses
            }
            defer { group.cancelAll() }
            for try await statuses in group where !statuses.isEmpty { return statuses }
            return []
        }
        eventSink.finish()
        var seen: [WebhookReceiver.Event] = []
        for await event in events { seen.append(event) }
        #expect(statuses == [204, 401])
        #expect(seen.map { $0.problem == nil } == [true, false])
        #expect(seen.map(\.body) == [Self.body, Self.body + [0x0A]])
    }

    @Test("a webhook that nobody sees is answered with 503, verified or not, and the receiver ends", arguments: [[], [0x0A]])
    func unseen(end: [UInt8]) async throws {
        let receiver = WebhookReceiver(verifier: try WebhookVerifier(secrets: [WebhookSecret(Self.secret)]), now: { Self.sent })
        let (ports, portSink) = AsyncStream<Int>.makeStream()
        let isSeen = Mutex(true)
        async let run: Void = receiver.run(
            listening: { portSink.yield($0) }, received: { _ in isSeen.withLock { $0 = false } },
            isSeen: { isSeen.withLock(\.self) })
        let port = await ports.first { _ in true } ?? 0
        #expect(try await Self.post(Self.body + end, port: port) == 503)
        try await run
    }

    @Test("a receiver that nobody sees ends, without a webhook", .timeLimit(.minutes(1)))
    func unseenFromTheStart() async throws {
        try await WebhookReceiver(verifier: try WebhookVerifier(secrets: [WebhookSecret(Self.secret)]))
            .run(listening: { _ in }, received: { _ in }, isSeen: { false })
    }

    @Test("a webhook that cannot be shown is answered with 503, and the receiver ends with the reason")
    func unshown() async throws {
        struct NoRoom: Error {}
        let receiver = WebhookReceiver(verifier: try WebhookVerifier(secrets: [WebhookSecret(Self.secret)]), now: { Self.sent })
        let (ports, portSink) = AsyncStream<Int>.makeStream()
        let run = Task { try await receiver.run(listening: { portSink.yield($0) }, received: { _ in throw NoRoom() }) }
        let port = await ports.first { _ in true } ?? 0
        #expect(try await Self.post(Self.body, port: port) == 503)
        await #expect(throws: NoRoom.self) { try await run.value }
    }

    private static func post(_ body: [UInt8], port: Int) async throws -> UInt {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/any/hook")
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        return try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code
    }
}
