import SQLiteSupport

/// Remembers for some seconds that `sync_logs` takes no row at all: it is not there, or a trigger names a table that is not. To find
/// that out costs each job as much as its users do.
final class SyncLogTrouble {
    private let pause: Duration
    private var found: (refusal: String, until: ContinuousClock.Instant)?

    /// - Parameter seconds: how long it is remembered.
    init(seconds: Double) { pause = .seconds(seconds) }

    var standing: String? { found.flatMap { $0.until > .now ? $0.refusal : nil } }

    /// Whether the last row that was refused met it.
    private(set) var hasMet = false

    func met(_ failure: SQLiteFailure) {
        // What one row met says nothing of others.
        hasMet = failure.tellsOfSchema
        guard hasMet else { return }
        found = (failure.message, .now + pause)
    }
}
