import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Signs webhooks according to Standard Webhooks, with each of its secrets, so that receivers can rotate at their own pace.
package struct WebhookSigner: Sendable {
    let secrets: [WebhookSecret]

    package init(secrets: [WebhookSecret]) { self.secrets = secrets }

    /// The value of `webhook-signature`: `v1,<base64>` for each secret, separated by spaces.
    /// - Parameters:
    ///   - id: the value of `webhook-id`.
    ///   - timestamp: the value of `webhook-timestamp`, seconds since 1970.
    package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        secrets.map { "v1," + Data($0.code(id: id, timestamp: timestamp, body: body)).base64EncodedString() }
            .joined(separator: " ")
    }
}
