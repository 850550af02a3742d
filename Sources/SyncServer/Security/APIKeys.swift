import Crypto
package import HTTPTypes
package import Settings
import SyncModel

/// The valid keys, and the caller each belongs to.
package struct APIKeys: Sendable {
    private struct Entry {
        let digest: [UInt8]
        let caller: Caller
    }

    private let entries: [Entry]

    package init(internalKeys: [Secret], opsKeys: [Secret]) {
        entries =
            internalKeys.map { APIKeys.entry($0, role: .internal) } + opsKeys.map { APIKeys.entry($0, role: .ops) }
    }

    /// The caller with this key; `nil` if the key is not valid. Compares digests of equal length, always all of them and to the
    /// end, so that the time reveals nothing about the keys.
    package func caller(sending key: String) -> Caller? {
        let digest = Array(SHA256.hash(data: Array(key.utf8)))
        var match: Caller?
        for entry in entries where digest.isSecretlyEqual(to: entry.digest) { match = entry.caller }
        return match
    }

    /// The key a request carries: `X-Internal-API-Key`, else `Authorization: Bearer`.
    /// - Throws: 400 if either is repeated.
    package static func key(in headers: HTTPFields) throws(APIError) -> String? {
        let own = try headers.once(.internalAPIKey)
        let bearer = try bearer(in: headers)
        return own ?? bearer
    }

    /// What `Authorization: Bearer` carries.
    /// - Throws: 400 if the header is repeated.
    static func bearer(in headers: HTTPFields) throws(APIError) -> String? {
        guard let authorization = try headers.once(.authorization) else { return nil }
        let parts = authorization.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].trimmingPrefix { $0 == " " }.description
    }

    private static func entry(_ key: Secret, role: Caller.Role) -> Entry {
        let digest = digest(of: key)
        return Entry(digest: digest, caller: Caller(role: role, keyID: id(of: digest)))
    }

    /// What identifies a key in logs.
    static func id(of key: Secret) -> String { id(of: digest(of: key)) }

    private static func digest(of key: Secret) -> [UInt8] { Array(SHA256.hash(data: Array(key.value.utf8))) }

    private static func id(of digest: [UInt8]) -> String {
        digest.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
