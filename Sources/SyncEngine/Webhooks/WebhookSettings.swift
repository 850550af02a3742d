/// What the courier has to know of the configuration.
package struct WebhookSettings: Sendable {
    /// `WRAPPER_WEBHOOK_URL`, checked by `AddressPolicy.validate(configuredURL:)`. Deliveries made for the configured address go
    /// to the present one, so that a mended setting also mends what waits.
    package var configuredURL: String?
    package var secrets: [WebhookSecret]
    /// The first internal key; goes to the configured address alone.
    package var internalKey: String?
    /// `WEBHOOK_SEND_API_KEY`.
    package var sendsAPIKey: Bool
    package var addresses: AddressPolicy
    /// The project's version, for `User-Agent`.
    package var version: String

    package init(
        configuredURL: String?, secrets: [WebhookSecret], internalKey: String?, sendsAPIKey: Bool, addresses: AddressPolicy,
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

/// How long and how many at once.
package struct CourierLimits: Sendable {
    /// Until a connection stands, per address, TLS included.
    package var connect: Duration = .seconds(5)
    /// A whole attempt: looking up the host, connecting, sending, reading the head of the answer and what is read of its body.
    package var attempt: Duration = .seconds(15)
    /// Of an answer's body, which nobody needs: read only so that the connection can be used again.
    package var drain: Duration = .seconds(2)
    package var drainBytes = 64 * 1024
    /// How long a host's addresses are taken as known.
    package var resolution: Duration = .seconds(30)
    /// Attempts at once, over all.
    package var concurrent = 64
    /// Attempts at once to a destination that answers well. One in trouble gets a single one.
    package var perDestination = 16
    /// Attempts at once to a destination of which nothing is known yet.
    package var perNewDestination = 4
    /// How long attempts may go on once the process is to stop. Those that have not ended then are sent again after the next
    /// start.
    package var shutdownGrace: Duration = .seconds(5)

    package init() {}
}
