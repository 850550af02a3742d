import PostgreSQLSupport
import UserDirectory

/// What follows from an error for the users of a batch and for the directory (PostgreSQL's manual, appendix A).
extension PostgresError: StoreFailure {
    /// The classes of errors about the values of a row: data, constraints, views that check; what the CRM's own triggers raise, and what
    /// fails in them.
    private static let ofRows: Set<Substring> = ["09", "21", "22", "23", "27", "2F", "38", "39", "44", "45", "P0"]

    package var refusesOneUser: Bool { Self.ofRows.contains(sqlState.prefix(2)) }

    /// A sequence that has no number left refuses its row as other reasons do: nothing has to be looked for before.
    package var isOfUsedUpIDs: Bool { false }

    /// The error for callers. Without the server's words where those may quote what a user is called.
    var directoryError: DirectoryError {
        let said = "PostgreSQL says: \(self)"
        return switch kind {
        case .outage: .unavailable("The directory's server cannot be used. \(said)")
        case .deadline: .unavailable("The directory's server takes too long. \(said)")
        case .retryable: .unavailable("The directory's rows are locked by another transaction. \(said)")
        case .unknownOutcome: .unavailable("The directory's server did not say whether it committed. \(said)")
        case .cancelled: .unavailable("The process is stopping")
        case .refused: .transient(said)
        case .other: refusesOneUser ? .transient(said) : .unusable("The directory's tables do not fit. \(said)")
        }
    }
}

extension DirectoryError {
    /// The error for callers, from anything that the server or our own code threw.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as DirectoryError: error
            case let error as PostgresError: error.directoryError
            case let error as UnreadableLedgerRow: .transient("\(error)")
            default: .transient("\(type(of: error))")
            }
    }
}
