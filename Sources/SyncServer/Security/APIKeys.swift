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
        for entry in entries {
            var difference: UInt8 = 0
            for i in 0..<digest.count { difference |= digest[i] ^ entry.digest[i] }
            if difference == 0 { match = entry.caller }
        }
        return match
    }

    /// The key a request carries: `X-Internal-API-Key`, else `Authorization: Bearer`.
    /// - Throws: 400 if either is repeated.
    package static func key(in headers: HTTPFields) throws(APIError) -> String? {
        let own = try headers.once(.internalAPIKey)
        let authorization = try headers.once(.authorization)
        if let own { return own }
        guard let authorization else { return nil }
        let parts = authorization.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].trimmingPrefix { $0 == " " }.description
    }

    private static func entry(_ key: Secret, role: Caller.Role) -> Entry {
        let digest = Array(SHA256.hash(data: Array(key.value.utf8)))
        let id = digest.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return Entry(digest: digest, caller: Caller(role: role, keyID: id))
    }
}
