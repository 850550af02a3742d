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
