import AsyncHTTPClient
import JobQueue
import NIOCore
import NIOHTTP1
import SyncModel

/// Sends deliveries to their receivers.
protocol DeliverySender: Sendable {
    /// Makes one attempt.
    /// - Parameters:
    ///   - body: of the delivery.
    ///   - now: the time of this attempt.
    /// - Throws: only `CancellationError`; then it is unknown whether the webhook arrived.
    func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> WebhookSender.Outcome
    /// Whether anything may still be sent to this destination; true unless a sender knows better.
    func maySend(to destination: String) -> Bool
    /// Nothing may be sent afterwards.
    func close() async
}

extension DeliverySender {
    func maySend(to destination: String) -> Bool { true }
}

/// Makes one attempt at one delivery: where to, with what, within which time, and what the answer means.
struct WebhookSender: DeliverySender {
    let settings: WebhookSettings
    let limits: CourierLimits
    let signer: WebhookSigner
    let clients: PinnedClients

    init(settings: WebhookSettings, limits: CourierLimits, clients: PinnedClients) {
        self.settings = settings
        self.limits = limits
        self.signer = WebhookSigner(secrets: settings.secrets)
        self.clients = clients
    }

    /// The result of an attempt.
    struct Outcome: Sendable, Hashable {
        var status: Int?
        /// Short, without secrets; `nil` if the webhook was acknowledged.
        var error: String?
        /// The answer's `Retry-After`, as received.
        var retryAfter: String?
        /// How many more requests the receiver takes, if the answer says so.
        var quota: ReceiverQuota?
        /// Another attempt cannot succeed: the receiver said 410, or the address is not one a webhook may go to.
        var isHopeless = false
        /// The receiver should get the key but did not, because it would have crossed the open internet unencrypted.
        var keyWithheld = false

        var isDelivered: Bool { error == nil }
        /// The receiver itself is in trouble, rather than displeased with this delivery: it gets one attempt at a time.
        var isTrouble: Bool {
            guard let status else { return !isHopeless && error != nil }
            return status >= 500 || status == 429 || status == 408
        }
    }

    /// - Parameter now: the time of this attempt, which is signed.
    /// - Throws: only `CancellationError`; then it is unknown whether the webhook arrived.
    func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> Outcome {
        let target: (url: WebAddress, reach: PinnedClients.Reach)
        do throws(WebAddressError) {
            target = try self.target(of: delivery)
        } catch {
            // The configured address can be corrected, and its deliveries then go there; a callback's stays what it is.
            return Outcome(error: "the address \(error)", isHopeless: !delivery.what.isConfiguredURL)
        }
        let start = ContinuousClock.now
        do {
            let (response, keyWithheld) = try await withTimeLimit(limits.attempt) {
                try await exchange(delivery, body, with: target.url, reach: target.reach, at: now)
            }
            let left = limits.attempt - start.duration(to: .now)
            await drain(response, within: min(limits.drain, left))
            try Task.checkCancellation()
            var outcome = Outcome(status: Int(response.status.code), keyWithheld: keyWithheld)
            outcome.quota = ReceiverQuota(now: now) { response.headers[$0] }
            if !(200..<300).contains(response.status.code) {
                outcome.error = "HTTP \(response.status.code)"
                outcome.retryAfter = response.headers.first(name: "Retry-After")
                outcome.isHopeless = response.status == .gone
            }
            return outcome
        } catch {
            // Cancelled from outside. What the client throws then does not matter.
            try Task.checkCancellation()
            return Outcome(error: WebhookSendError.describe(error, limits: limits))
        }
    }

    func maySend(to destination: String) -> Bool { settings.maySend(to: destination) }

    func close() async { await clients.shutdown() }

    private func target(of delivery: Delivery) throws(WebAddressError) -> (url: WebAddress, reach: PinnedClients.Reach) {
        if delivery.what.isConfiguredURL {
            if let configured = settings.configuredURL { return (configured, .anywhere) }
            return (try WebAddress(delivery.what.url), .anywhere)
        }
        return (try settings.addresses.callback(delivery.what.url), .publicOnly)
    }

    /// Sends the request to an address of the host that accepts the connection.
    private func exchange(
        _ delivery: Delivery, _ body: [UInt8], with url: WebAddress, reach: PinnedClients.Reach, at now: Timestamp
    ) async throws -> (HTTPClientResponse, keyWithheld: Bool) {
        let base = request(delivery, body, to: url, at: now)
        let key =
            delivery.what.isConfiguredURL && settings.configuredURL != nil && settings.sendsAPIKey ? settings.internalKey : nil
        if reach == .anywhere, let client = await clients.proxied() {
            // Only the proxy knows where a name leads.
            let mayHaveKey = url.scheme == .https || url.host.literal?.isPrivate == true
            let request = Self.adding(mayHaveKey ? key : nil, to: base)
            return (try await execute(request, on: client), key != nil && !mayHaveKey)
        }
        var pins = try await clients.pins(for: url, reach: reach)
        do {
            while true {
                let pin = try await clients.reachable(pins, of: url, reach: reach)
                pins.removeAll { $0.address == pin.address }
                let mayHaveKey = Self.mayHaveKey(url, at: pin.address)
                let request = Self.adding(mayHaveKey ? key : nil, to: base)
                do {
                    return (try await execute(request, on: pin.client), key != nil && !mayHaveKey)
                } catch  where WebhookSendError.isBeforeRequest(error) && !pins.isEmpty && !Task.isCancelled {
                    await clients.failed(pin, of: url, reach: reach)
                }
            }
        } catch {
            if WebhookSendError.isBeforeRequest(error) { await clients.doubt(url, reach: reach) }
            throw error
        }
    }

    /// Whether the key may be sent there: over TLS, or to a private address.
    static func mayHaveKey(_ url: WebAddress, at address: IPAddress) -> Bool {
        url.scheme == .https || address.isPrivate
    }

    private static func adding(_ key: String?, to request: HTTPClientRequest) -> HTTPClientRequest {
        guard let key else { return request }
        var request = request
        request.headers.add(name: "X-Internal-API-Key", value: key)
        return request
    }

    /// Sends the request once more at once if a connection that had been used before is lost: its receiver may close it just as it
    /// is used again. (The receiver may then see the webhook twice; it has its id.) One that closes a new connection has seen the
    /// request.
    private func execute(_ request: HTTPClientRequest, on client: HTTPClient) async throws -> HTTPClientResponse {
        // The time limit is the caller's, which cancels; the client's own deadline is only a backstop.
        let deadline = NIODeadline.now() + TimeAmount(limits.attempt)
        do {
            return try await client.execute(request, deadline: deadline)
        } catch  where WebhookSendError.mayRepeat(after: error) && !Task.isCancelled {
            return try await client.execute(request, deadline: deadline)
        }
    }

    /// Reads and discards the answer's body, so that the connection can be reused; if it is too long or too slow, the connection
    /// is closed instead. The outcome does not change: the status has decided it.
    private func drain(_ response: HTTPClientResponse, within time: Duration) async {
        try? await withTimeLimit(time) { [limits] in
            var read = 0
            for try await part in response.body {
                read += part.readableBytes
                if read > limits.drainBytes { return }
            }
        }
    }
}
