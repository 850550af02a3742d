/// The two bodies that a sync may have.
package enum SyncBody: Sendable, Hashable {
    /// The integration guide's: `operation`, `tenant`, `users`, `metadata`.
    case guide
    /// The platform's second version: `mode`, `orgCode`, `users`, `forceUpdate`.
    case version2
}

/// `mode` of a body of version 2.
package enum SyncMode: String, Sendable, Hashable, CaseIterable {
    case upsert
    /// The list is meant to hold every user of the tenant.
    case fullReconcile = "full-reconcile"
}
