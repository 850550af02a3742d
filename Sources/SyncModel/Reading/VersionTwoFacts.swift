/// What a body of version 2 has said so far beyond its envelope.
struct VersionTwoFacts: Sendable {
    /// A member of version 2 came after those of the integration guide's body.
    var isLate = false
    /// The first `orgCode` that the body or one of its users names; all others are equal to it.
    var orgCode: [UInt8]?

    /// Sentences for the caller.
    func warnings(mode: SyncMode?) -> [String] {
        mode == .fullReconcile
            ? ["full-reconcile applied the list and deactivated nobody: who is not in it keeps their access"] : []
    }
}
