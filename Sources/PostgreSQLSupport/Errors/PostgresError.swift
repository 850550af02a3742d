/// What went wrong with a database, as its callers must tell it apart.
package struct PostgresError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The server cannot be used now: away, shutting down, out of something, read-only, or silent for longer than the deadline. The
        /// connection is closed.
        case outage
        /// A transaction that met another one; the same again may well succeed.
        case retryable
        /// The server refuses the values, and always will.
        case refused
        /// COMMIT was sent and its answer never came: the transaction took effect, or it did not.
        case unknownOutcome
        /// The caller's task was cancelled; nothing took effect.
        case cancelled
        /// The statements took longer than they were given; nothing took effect.
        case deadline
        /// Anything else: a statement or a schema that is not as it should be.
        case other
    }

    package let kind: Kind
    /// Five characters (PostgreSQL's manual, appendix A); empty if the error is not the server's.
    package var sqlState = ""
    /// `ERROR`, `FATAL`, `PANIC`; empty if the error is not the server's.
    package var severity = ""
    /// In the server's words, which may quote a value that was sent: not for logs. `description` is.
    package var message: String
    package var schema: String?
    package var table: String?
    package var column: String?
    package var constraint: String?
    /// Which of the statements that were sent failed, counted from 0; `nil` if none of them.
    package var statement: Int?
    /// Not the statement failed, but what was prepared of it: sent again, it is not, or anew.
    package var isOfPreparation = false

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// A column that is not there, or holds what cannot be read as it was asked for.
    static func unreadable(_ column: Int, _ type: PostgresType?) -> PostgresError {
        PostgresError(.other, "column \(column) cannot be read as asked for" + (type.map { " (type \($0.oid))" } ?? ""))
    }

    static let closed = PostgresError(.outage, "the connection is closed")
}

extension PostgresError: CustomStringConvertible {
    /// For logs: without the server's words where those may quote what a user is called.
    package var description: String {
        let names = [("table", table), ("column", column), ("constraint", constraint)].compactMap { name, value in
            value.map { "\(name) \($0)" }
        }
        // 22 and 23 are about values; P0 and 45 are raised by the owner's own triggers, with what text they like.
        let quotes = ["22", "23", "P0", "45"].contains(sqlState.prefix(2))
        let words = [sqlState, quotes ? "" : message].filter { !$0.isEmpty }.joined(separator: " ")
        return names.isEmpty ? words : "\(words) (\(names.joined(separator: ", ")))"
    }
}
