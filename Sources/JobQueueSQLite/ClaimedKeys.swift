import SyncModel

/// Idempotency keys whose requests are arriving. They are in memory, as those requests are.
struct ClaimedKeys {
    private struct Key: Hashable {
        var tenantID: TenantID
        var path: String
        var key: String

        init(_ claim: KeyClaim) { (tenantID, path, key) = (claim.tenantID, claim.path, claim.key) }
    }

    private var tokens: [Key: Int64] = [:]
    private var lastToken: Int64 = 0

    /// `nil` if the key is claimed.
    mutating func claim(_ tenantID: TenantID, _ path: String, _ key: String) -> KeyClaim? {
        let claim = KeyClaim(tenantID: tenantID, path: path, key: key, token: lastToken + 1)
        guard tokens[Key(claim)] == nil else { return nil }
        lastToken += 1
        tokens[Key(claim)] = lastToken
        return claim
    }

    func holds(_ claim: KeyClaim) -> Bool { tokens[Key(claim)] == claim.token }

    mutating func end(_ claim: KeyClaim) { if holds(claim) { tokens[Key(claim)] = nil } }
}
