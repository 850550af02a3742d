import GRDB
import GRDBSQLite
import JobQueue

/// What SQLite answered to a statement that failed. Its message names tables and columns, never values.
struct SQLFailure: Error {
    /// The extended result code.
    var code: Int32
    var message: String

    /// The primary result code.
    var primary: Int32 { code & 0xFF }

    /// True where what was to be written is refused, and will be whenever it is tried.
    var isOfContent: Bool { [SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH].contains(primary) }

    /// Another process holds a lock: it will let go of it.
    var isOfLock: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }

    /// True where the store as a whole cannot be written: nothing more is to be accepted until it can.
    var isOfStorage: Bool {
        switch primary {
        case SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_NOMEM: true
        default: false
        }
    }
}

extension SQLFailure {
    /// What the connection last failed with.
    init(of connection: OpaquePointer?) {
        code = sqlite3_extended_errcode(connection)
        message = String(cString: sqlite3_errmsg(connection))
    }

    /// `nil` for errors that are not SQLite's.
    init?(_ error: any Error) {
        switch error {
        case let failure as SQLFailure: self = failure
        case let error as DatabaseError:
            self.init(code: error.extendedResultCode.rawValue, message: error.message ?? "SQLite error")
        default: return nil
        }
    }
}

extension QueueError {
    /// The seam's word for what went wrong in a transaction.
    init(_ error: any Error) {
        if let error = error as? QueueError {
            self = error
        } else if let failure = SQLFailure(error) {
            self =
                failure.isOfContent
                ? .refused("The queue holds it already or cannot hold it (\(failure.message))")
                : .unavailable("The queue cannot be written now: \(failure.message) (SQLite \(failure.code))")
        } else {
            self = .unavailable("The queue cannot be written now")
        }
    }
}
