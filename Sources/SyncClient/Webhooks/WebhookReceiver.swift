import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
package import SyncAPI
package import SyncModel
package import Webhooks

/// A small server that receives webhooks and verifies them.
package struct WebhookReceiver: Sendable {
    private let host: String
    private let port: Int
    private let verifier: WebhookVerifier
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - port: 0 for any free port.
    ///   - now: the time of day.
    package init(
        host: String = "127.0.0.1", port: Int = 0, verifier: WebhookVerifier,
        now: @escaping @Sendable () -> Timestamp = { Timestamp(seconds: Date().timeIntervalSince1970) }
    ) {
        self.host = host
        self.port = port
        self.verifier = verifier
        self.now = now
    }

    /// A webhook as it arrived.
    package struct Event: Sendable {
        package let receivedAt: Timestamp
        package let id: String?
        package let body: [UInt8]
        /// What is wrong with its signature; `nil` if verified.
        package let problem: String?
        /// The decoded body; `nil` if it cannot be decoded.
        package var document: WebhookDocument? { try? WebhookDocument(json: Data(body)) }

        package init(receivedAt: Timestamp, id: String?, body: [UInt8], problem: String?) {
            self.receivedAt = receivedAt
            self.id = id
            self.body = body
            self.problem = problem
        }
    }

    /// A webhook shows at most `ResultDocument.webhookLimit` results; a larger body is not from usersync.
    private static let maxBodyBytes = 16 * 1024 * 1024

    /// Serves until cancelled or shut down gracefully, or until nobody sees the webhooks any more.
    ///
    /// - Parameters:
    ///   - listening: called with the port once it listens.
    ///   - received: called with each webhook before it is answered: 204 if verified, else 401. If it throws, the answer is 503, so
    ///     that the webhook is sent again, and the run ends with that error.
    ///   - isSeen: asked after `received` and five times a second. If it says no, the answer is 503 too, and the run ends.
    package func run(
        listening: @escaping @Sendable (Int) async -> Void, received: @escaping @Sendable (Event) async throws -> Void,
        isSeen: @escaping @Sendable () -> Bool = { true }
    ) async throws {
        let (ends, end) = AsyncThrowingStream<Void, any Error>.makeStream()
        let router = Router()
        let take: @Sendable (Request, BasicRequestContext) async throws -> Response = { request, _ in
            let body = try await request.body.collect(upTo: WebhookReceiver.maxBodyBytes)
            let event = event(headers: request.headers, body: Array(body.readableBytesView))
            do {
                try await received(event)
            } catch {
                end.finish(throwing: error)
                return Response(status: .serviceUnavailable)
            }
            guard isSeen() else {
                end.finish()
                return Response(status: .serviceUnavailable)
            }
            guard let problem = event.problem else { return Response(status: .noContent) }
            return Response(
                status: .unauthorized, headers: [.contentType: "text/plain"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: problem + "\n")))
        }
        router.post("/", use: take)
        router.post("/**", use: take)
        var logger = Logger(label: "usersync.listen")
        logger.logLevel = .critical
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { await listening($0.localAddress?.port ?? 0) },
            logger: logger)
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [application], logger: logger))
        async let _: Void = {
            while isSeen() { try await Task.sleep(for: .milliseconds(200)) }
            end.finish()
        }()
        async let stop: Void = {
            // Gracefully: the 503 is still sent.
            do { for try await _ in ends {} } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
        }()
        try await group.run()
        end.finish()
        try await stop
    }

    private func event(headers: HTTPFields, body: [UInt8]) -> Event {
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
        let now = now()
        var problem: String?
        do {
            try verifier.verify(
                id: header("webhook-id"), timestamp: header("webhook-timestamp"), signature: header("webhook-signature"),
                body: body, now: now)
        } catch {
            problem = error.sentence
        }
        return Event(receivedAt: now, id: header("webhook-id"), body: body, problem: problem)
    }
}

extension WebhookVerifier.Refusal {
    /// What is wrong, for whoever runs the receiver.
    fileprivate var sentence: String {
        switch self {
        case .malformed: "it is not signed: webhook-id, webhook-timestamp or webhook-signature is missing or malformed"
        case .timestampOutOfTolerance: "its timestamp is more than 5 minutes off: a replay, or a wrong clock"
        case .badSignature: "its signature does not match: another secret, or a body changed on the way"
        }
    }
}
