/// Why nothing was leased.
enum NothingFound: Sendable {
    /// The tenant has no job in phase `working`.
    case noJob
    /// All open batches of its job are held; there may be more later.
    case nothingYet
    /// Its job had neither an open nor a held batch, and was corrected; the tenant has a job in phase `working` or not.
    case corrected(hasWork: Bool)
}
