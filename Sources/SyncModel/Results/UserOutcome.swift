/// The outcome of one user.
package enum UserOutcome: UInt8, Sendable, Hashable, CaseIterable {
    case created = 1
    case updated = 2
    /// Nothing to change; only `last_synced_at` moved.
    case unchanged = 3
    /// Newer data had already been applied; nothing was written.
    case stale = 4
    /// Deactivated by a removal.
    case removed = 5
    case failed = 6

    /// The word in `outcome` of a result.
    package var word: String {
        switch self {
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        case .stale: "stale"
        case .removed: "removed"
        case .failed: "failed"
        }
    }

    package init?(word: some StringProtocol) {
        guard let match = UserOutcome.allCases.first(where: { $0.word == word }) else { return nil }
        self = match
    }

    /// The integration guide's `status`: created, updated or failed. It has no others, so unchanged, stale and removed become
    /// `updated`.
    package var status: String {
        switch self {
        case .created: "created"
        case .failed: "failed"
        case .updated, .unchanged, .stale, .removed: "updated"
        }
    }
}
