package import Hummingbird
package import NIOCore
package import SyncAPI

/// What is known about a request on its way through the server.
package struct SyncRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The connection, for the address at its other end.
    package let channel: any Channel
    /// `X-Request-ID` as received, or a generated one; in every log line and error.
    package var requestID = ""
    /// The address the request came from; behind trusted proxies, taken from `X-Forwarded-For`.
    package var clientAddress = ""
    /// Set by the authentication.
    package var caller: Caller?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// Who calls: the kind of key, and the key's fingerprint.
package struct Caller: Sendable, Hashable {
    package enum Role: String, Sendable {
        /// `INTERNAL_API_KEY`: may do everything.
        case `internal`
        /// `OPS_API_KEY`: may read everything and act on jobs and deliveries, not submit.
        case ops
        /// A token of the platform: may send users of one organisation.
        case wrapper
    }
    package let role: Role
    /// The first eight hex digits of the key's SHA-256: identifies a key in logs without revealing it.
    package let keyID: String
    /// What a token says; `nil` for a key.
    package let token: WrapperToken?

    package init(role: Role, keyID: String, token: WrapperToken? = nil) {
        self.role = role
        self.keyID = keyID
        self.token = token
    }
}
