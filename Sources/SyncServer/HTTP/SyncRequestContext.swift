package import Hummingbird
package import NIOCore

/// What is known of a request on its way through the server.
package struct SyncRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The connection, for who is at its other end.
    package let channel: any Channel
    /// `X-Request-ID` as received, or one of ours; in every log line and error.
    package var requestID = ""
    /// The address the request came from, `X-Forwarded-For` of trusted proxies taken into account.
    package var clientAddress = ""
    /// Who calls; set by the authentication.
    package var caller: Caller?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// Who calls: which kind of key, and which key by its fingerprint.
package struct Caller: Sendable, Hashable {
    package enum Role: String, Sendable {
        /// `INTERNAL_API_KEY`: may do everything.
        case `internal`
        /// `OPS_API_KEY`: may read everything and act on jobs and deliveries, not submit.
        case ops
    }
    package let role: Role
    /// The first eight hex digits of the key's SHA-256; names a key in logs without giving it away.
    package let keyID: String

    package init(role: Role, keyID: String) {
        self.role = role
        self.keyID = keyID
    }
}
