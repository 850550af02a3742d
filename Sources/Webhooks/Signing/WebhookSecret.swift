import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A shared secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes.
/// Source: github.com/standard-webhooks/standard-webhooks, "Signature scheme".
package struct WebhookSecret: Sendable {
    /// The text with its prefix, as given to a receiver. A secret: for `keygen`, never for a log.
    package let text: String
    let key: SymmetricKey

    static let prefix = "whsec_"

    /// - Throws: `WebhookSecretError`, which does not repeat the text.
    package init(_ text: some StringProtocol) throws(WebhookSecretError) {
        guard text.hasPrefix(Self.prefix) else { throw .noPrefix }
        guard let bytes = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))) else { throw .notBase64 }
        guard (24...64).contains(bytes.count) else { throw .length(bytes.count) }
        self.init(bytes: bytes)
    }

    private init(bytes: Data) {
        text = Self.prefix + bytes.base64EncodedString()
        key = SymmetricKey(data: bytes)
    }

    /// The secret used if `WEBHOOK_SECRET` is unset: derived from the first internal key, which both sides have.
    package static func derived(fromInternalKey internalKey: String) -> WebhookSecret {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("usersync-webhook-v1".utf8), using: SymmetricKey(data: Data(internalKey.utf8)))
        return WebhookSecret(bytes: Data(code))
    }

    /// Parses `WEBHOOK_SECRET`: one or more secrets, comma-separated; spaces around them are ignored.
    package static func list(_ text: String) throws(WebhookSecretError) -> [WebhookSecret] {
        var secrets: [WebhookSecret] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            secrets.append(try WebhookSecret(part.trimmingSpaces()))
        }
        return secrets
    }

    /// HMAC-SHA256 over `id.timestamp.body`.
    func code(id: String, timestamp: Int64, body: some Sequence<UInt8>) -> HMAC<SHA256>.MAC {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: Array("\(id).\(timestamp).".utf8))
        if body.withContiguousStorageIfAvailable({ mac.update(data: UnsafeRawBufferPointer($0)) }) == nil {
            mac.update(data: Array(body))
        }
        return mac.finalize()
    }
}

/// Why a text is not a valid webhook secret.
package enum WebhookSecretError: Error, Sendable, Hashable, CustomStringConvertible {
    case noPrefix, notBase64
    /// The number of bytes it has.
    case length(Int)

    package var description: String {
        switch self {
        case .noPrefix: "a webhook secret starts with whsec_"
        case .notBase64: "a webhook secret is base64 after whsec_"
        case .length(let count): "a webhook secret has 24 to 64 bytes, this one has \(count)"
        }
    }
}
