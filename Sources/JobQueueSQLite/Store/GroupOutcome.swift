import SQLiteSupport

/// The outcome of a group of writes.
enum GroupOutcome: Sendable {
    case written
    /// Committed, but nothing was changed.
    case unchanged
    case failed(SQLiteFailure)
}
