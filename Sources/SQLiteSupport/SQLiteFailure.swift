package import GRDB
import GRDBSQLite

/// What SQLite reported when something failed. Its own messages name tables and columns, never values.
package struct SQLiteFailure: Error, Sendable {
    /// The extended result code.
    package let code: Int32
    package let message: String
    /// The statement could not be compiled: the schema is not what it should be, whatever values are bound.
    package var isSchemaTrouble = false

    package init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// The connection's last failure.
    package init(_ connection: OpaquePointer?) {
        self.init(code: sqlite3_extended_errcode(connection), message: String(cString: sqlite3_errmsg(connection)))
    }

    /// GRDB's error without its SQL and arguments.
    package init(_ error: DatabaseError) {
        self.init(code: error.extendedResultCode.rawValue, message: error.message ?? "\(error.resultCode)")
    }

    /// `nil` for errors that are not SQLite's.
    package init?(_ error: any Error) {
        switch error {
        case let failure as SQLiteFailure: self = failure
        case let error as DatabaseError: self.init(error)
        default: return nil
        }
    }

    /// `SQLITE_READONLY_DBMOVED`, a macro that Swift does not import: the file is no longer where it was opened.
    package static let moved = SQLITE_READONLY | (4 << 8)

    /// The code without its extension.
    package var primaryCode: Int32 { code & 0xFF }

    /// SQLite refuses the content, and always will.
    package var isOfContent: Bool { [SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH].contains(primaryCode) }

    /// What was read is damaged; other parts of the file may be sound.
    package var isOfDamage: Bool { primaryCode == SQLITE_CORRUPT }

    /// Another process holds a lock, which it will release.
    package var isOfLock: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }

    /// The store as a whole cannot be written: nothing more may be accepted until it can.
    package var isOfStorage: Bool {
        switch primaryCode {
        case SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_NOMEM: true
        default: false
        }
    }
}
