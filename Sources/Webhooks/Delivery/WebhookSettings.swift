package import SyncModel

/// The configuration that the courier needs.
package struct WebhookSettings: Sendable {
    /// `WRAPPER_WEBHOOK_URL`. Deliveries created for the configured address go to the present one, so a corrected setting also fixes
    /// waiting deliveries.
    package var configuredURL: WebAddress?
    package var secrets: [WebhookSecret]
    /// The first internal key; sent only to the configured address.
    package var internalKey: String?
    /// `WEBHOOK_SEND_API_KEY`.
    package var sendsAPIKey: Bool
    package var addresses: AddressPolicy
    /// Trusted beside the system's; `nil`: the system's alone.
    package var trustedRoots: TrustedRoots?
    /// For the configured address alone; `nil`: none.
    package var proxy: ProxyAddress?
    /// The project's version, for `User-Agent`.
    package var version: String

    package init(
        configuredURL: WebAddress?, secrets: [WebhookSecret], internalKey: String?, sendsAPIKey: Bool, addresses: AddressPolicy,
        version: String
    ) {
        self.configuredURL = configuredURL
        self.secrets = secrets
        self.internalKey = internalKey
        self.sendsAPIKey = sendsAPIKey
        self.addresses = addresses
        self.version = version
    }
}

/// Limits on time and concurrency.
package struct CourierLimits: Sendable {
    /// To establish a connection, per address, including TLS.
    package var connect: Duration = .seconds(5)
    /// For a whole attempt: looking up the host, connecting, sending, reading the head of the answer and as much of its body as
    /// is read.
    package var attempt: Duration = .seconds(15)
    /// For the answer's body, which is read only so that the connection can be reused.
    package var drain: Duration = .seconds(2)
    package var drainBytes = 64 * 1024
    /// How long a host's addresses are cached.
    package var resolution: Duration = .seconds(30)
    /// How long the address of a host that won the race is used without another race (RFC 8305 §7 suggests ten minutes).
    package var preference: Duration = .seconds(600)
    /// Concurrent attempts in total.
    package var concurrent = 64
    /// Concurrent attempts to a destination that answers well. One in trouble gets only one.
    package var perDestination = 16
    /// Concurrent attempts to a destination of which nothing is known yet.
    package var perNewDestination = 4
    /// Deliveries held ready for their attempts, of all destinations together; without their bodies, half a KiB each.
    package var ready = 1024
    /// How long attempts may continue once the process is stopping. Those that have not ended by then are sent again after the
    /// next start.
    package var shutdownGrace: Duration = .seconds(5)

    package init() {}
}

/// An attempt must end while its delivery is leased: else another process might make one at the same time. That holds whatever
/// `attempt` is set to.
extension CourierLimits {
    /// How long a delivery is leased.
    var lease: Duration { attempt * 4 }
    /// How long it may wait for its attempt; then it is leased anew. As much as an attempt takes is left for recording the result,
    /// and for the clocks of two processes to differ.
    var longestWait: Duration { lease - attempt * 2 }
}
