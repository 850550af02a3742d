import Crypto
package import SyncModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The receiver's side of Standard Webhooks: checks whether a webhook is genuine and fresh. Used by `usersync listen` and the
/// demo.
package struct WebhookVerifier: Sendable {
    let secrets: [WebhookSecret]
    /// Seconds by which a timestamp may differ from the receiver's clock.
    let tolerance: Double

    package init(secrets: [WebhookSecret], tolerance: Double = 300) {
        self.secrets = secrets
        self.tolerance = tolerance
    }

    /// Why a webhook is refused.
    package enum Refusal: Error, Sendable, Hashable {
        /// A header is missing, or the timestamp is not a number.
        case malformed
        /// The timestamp is too far from the receiver's clock: a replay, or a wrong clock.
        case timestampOutOfTolerance
        /// No signature matches.
        case badSignature
    }

    /// - Parameters:
    ///   - id: the value of `webhook-id`; `nil` if it is missing.
    ///   - timestamp: the value of `webhook-timestamp`.
    ///   - signature: the value of `webhook-signature`: a list, of which one must match one of the secrets.
    package func verify(id: String?, timestamp: String?, signature: String?, body: [UInt8], now: Timestamp) throws(Refusal) {
        guard let id, !id.isEmpty, let timestamp, let signature, let seconds = Int64(timestamp), String(seconds) == timestamp
        else { throw .malformed }
        // In floating point, since the difference of two 64-bit numbers may overflow.
        guard abs(now.seconds - Double(seconds)) <= tolerance else { throw .timestampOutOfTolerance }
        let offered = signature.split(separator: " ").compactMap { part in
            part.hasPrefix("v1,") ? Data(base64Encoded: String(part.dropFirst(3))) : nil
        }
        var isGenuine = false
        for secret in secrets {
            let expected = secret.code(id: id, timestamp: seconds, body: body)
            // Comparing authentication codes takes the same time wherever they differ; all are compared.
            for code in offered where expected == code { isGenuine = true }
        }
        guard isGenuine else { throw .badSignature }
    }
}
