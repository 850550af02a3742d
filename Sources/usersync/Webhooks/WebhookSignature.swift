import Crypto
import Foundation
import SyncModel

/// Checks the signature of a webhook.
protocol SignatureVerifying: Sendable {
    /// - Parameters:
    ///   - header: a header's value by its name in lower case.
    ///   - body: the bytes as they came.
    /// - Throws: `CommandFailure` saying what is wrong.
    func verify(header: (String) -> String?, body: [UInt8], now: Timestamp) throws(CommandFailure)
}

/// Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
struct StandardSignature: SignatureVerifying {
    /// Seconds that the sender's clock may be off; older ones may be replays.
    static let tolerance = 300.0

    private let keys: [SymmetricKey]

    /// - Parameter secrets: `whsec_…`; one of them has to fit.
    init(secrets: [Secret]) throws(CommandFailure) {
        var keys: [SymmetricKey] = []
        for secret in secrets {
            guard secret.value.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(secret.value.dropFirst(6))),
                !bytes.isEmpty
            else { throw CommandFailure("a webhook secret must be whsec_ and base64") }
            keys.append(SymmetricKey(data: bytes))
        }
        self.keys = keys
    }

    func verify(header: (String) -> String?, body: [UInt8], now: Timestamp) throws(CommandFailure) {
        guard let id = header("webhook-id"), let sent = header("webhook-timestamp"), let signatures = header("webhook-signature")
        else {
            throw CommandFailure("it is not signed: webhook-id, webhook-timestamp or webhook-signature is missing")
        }
        guard let seconds = Int64(sent), abs(now.seconds - Double(seconds)) <= StandardSignature.tolerance else {
            throw CommandFailure("its timestamp is more than 5 minutes off: a replay, or a clock that is wrong")
        }
        let signed = Data("\(id).\(sent).".utf8) + Data(body)
        for signature in signatures.split(separator: " ") where signature.hasPrefix("v1,") {
            guard let code = Data(base64Encoded: String(signature.dropFirst(3))) else { continue }
            for key in keys where HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key) { return }
        }
        throw CommandFailure("its signature does not fit: another secret, or a body that was changed on the way")
    }
}
