package import SyncModel

/// All settings, read and checked. `SettingDefinition.all` has the names, defaults and ranges.
package struct Settings: Sendable, Hashable {
    /// The address to listen on: an IP address or a name.
    package var host: String
    /// The port to listen on; 0 takes any free one.
    package var port: Int
    /// Where callers reach the server, without a trailing slash; `nil` if unset.
    package var publicURL: String?
    package var environment: AppEnvironment

    package var dataDirectory: String
    /// The CRM's users.
    package var database: DatabaseAddress
    package var queue: DatabaseAddress

    /// Keys that may do everything; never empty. The first is the one sent with webhooks.
    package var internalKeys: [Secret]
    /// Keys that may read and act on jobs and deliveries, not submit.
    package var opsKeys: [Secret]
    /// Secrets that sign the tokens of version 2; empty: its path does not exist.
    package var wrapperSecrets: [Secret]
    /// Seconds from the arrival of a call of version 2 that it may wait for its result.
    package var wrapperWait: Int
    /// True: `/metrics` needs no key.
    package var metricsPublic: Bool
    /// Peers whose `X-Forwarded-For` counts.
    package var trustedProxies: [AddressRange]
    /// Origins of pages that may call; empty: CORS is off.
    package var corsAllowedOrigins: [String]

    /// Where completion webhooks go; `nil`: nowhere, unless a request names an address.
    package var webhookURL: WebAddress?
    /// `whsec_…`, all of which sign; empty: one is derived from the first internal key.
    package var webhookSecrets: [Secret]
    /// Hosts that `metadata.callbackUrl` may name.
    package var webhookAllowedHosts: [AllowedHost]
    /// True: the first internal key is sent with webhooks to `webhookURL`.
    package var webhookSendAPIKey: Bool
    /// A PEM file of certificates that are trusted for webhooks beside the system's; `nil`: none.
    package var webhookCAFile: String?
    /// The setting that named that file: `WEBHOOK_CA_FILE` or `SSL_CERT_FILE`.
    package var webhookCAFileSetting = SettingDefinition.webhookCAFile.name
    /// The proxy for webhooks to `webhookURL`; `nil`: none.
    package var webhookProxy: ProxyAddress?
    package var webhookOrder: WebhookOrder

    /// Users per batch.
    package var batchSize: Int
    /// Commit groups worked on at a time.
    package var workers: Int
    package var validation: ValidationMode
    package var emailScope: EmailScope
    package var requireSyncSource: Bool
    package var tenantAliases: TenantAliases

    /// Bytes of a body after inflation.
    package var maxRequestBytes: Int
    package var maxUsersPerRequest: Int
    /// Connections at a time; `nil`: as many as the open files allow.
    package var maxConnections: Int?
    /// Users accepted and not yet settled; above it the server answers 503.
    package var maxPendingUsers: Int
    /// Free bytes on the disks of queue and directory; below it the server answers 503.
    package var minFreeDiskBytes: Int
    package var rateLimit: RateLimit

    /// Days to keep ended jobs, results and the payloads of failed users.
    package var retentionDays: Int
    /// Seconds from SIGTERM to the end of the process.
    package var shutdownGrace: Int
    package var logLevel: LogLevel
    package var logFormat: LogFormat

    /// How many submissions a caller may send.
    package struct RateLimit: Sendable, Hashable {
        /// Requests per window; 0: no limit.
        package var max: Int
        /// Seconds.
        package var window: Int
        package var key: RateLimitKey
    }
}

extension Settings {
    /// True if only this machine can reach the server.
    package var isLoopback: Bool { Settings.isLoopback(host: host) }

    package static func isLoopback(host: String) -> Bool {
        host.lowercased() == "localhost" || IPAddress(host)?.isLoopback == true
    }

    /// Where this machine reaches the server: `publicURL`, else an address made from `host` and `port`.
    package var localURL: String { Settings.url(publicURL: publicURL, host: host, port: port) }

    /// The address that a client on this machine calls.
    package static func url(publicURL: String?, host: String, port: Int) -> String {
        if let publicURL { return publicURL }
        // A server can listen on the wildcard addresses; a client cannot call them.
        let host = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
        return "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
