import Crypto
import Foundation
import SyncModel

/// Secrets that sign webhooks: `whsec_` and base64.
enum WebhookSecret {
    /// What the server signs with while `WEBHOOK_SECRET` is unset (CONTRACT §3).
    static func derived(from key: Secret) -> Secret {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("usersync-webhook-v1".utf8), using: SymmetricKey(data: Data(key.value.utf8)))
        return Secret("whsec_" + Data(code).base64EncodedString())
    }

    /// A new one, of 32 random bytes.
    static func random() -> Secret { Secret("whsec_" + RandomKey.bytes(32).base64EncodedString()) }
}

/// API keys.
enum RandomKey {
    /// 32 random bytes, as base64 that needs no quoting in a shell, a URL or a `.env` file.
    static func make() -> String {
        bytes(32).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_").replacingOccurrences(
                of: "=", with: "")
    }

    static func bytes(_ count: Int) -> Data {
        // SystemRandomNumberGenerator is the kernel's, and cryptographically secure on every platform we build for.
        Data((0..<count).map { _ in UInt8.random(in: .min ... .max) })
    }
}
