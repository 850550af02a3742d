import GRDB
import GRDBSQLite
import SQLiteSupport
import UserDirectory

/// What follows from a failure for the users of a batch and for the directory.
extension SQLiteFailure: StoreFailure {
    static var brokenForeignKey: SQLiteFailure {
        SQLiteFailure(code: SQLITE_CONSTRAINT, message: "FOREIGN KEY constraint failed")
    }

    /// An extended code that SQLite does not use: the table has the highest id there is.
    private static let idsUsedUpCode = SQLITE_CONSTRAINT | (254 << 8)

    static func idsUsedUp(of table: String) -> SQLiteFailure {
        SQLiteFailure(code: idsUsedUpCode, message: "The table \(table) has the highest id there is: none is left for a new row")
    }

    package var isOfUsedUpIDs: Bool { code == Self.idsUsedUpCode }

    package var refusesOneUser: Bool {
        switch primaryCode {
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE: true
        // One of the CRM's triggers or generated columns met a value it cannot handle.
        case SQLITE_ERROR: !isSchemaTrouble
        default: false
        }
    }

    /// The open connection is unusable: the next call reopens the file.
    var spoilsConnection: Bool {
        switch primaryCode {
        case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PROTOCOL: true
        default: false
        }
    }

    /// Not a refusal of one user: the tables are not as they were when the connection fitted them; dropped, for example.
    var tellsOfSchema: Bool { isSchemaTrouble || primaryCode == SQLITE_ERROR || primaryCode == SQLITE_SCHEMA }

    /// The error for callers. Its message contains no values of a row: SQLite's own messages name only tables and columns.
    var directoryError: DirectoryError {
        let said = "SQLite says: \(message) (\(code))"
        if code == Self.moved { return .unavailable("The directory's file was moved or removed while it was open: put it back") }
        return switch primaryCode {
        case SQLITE_BUSY, SQLITE_LOCKED: .unavailable("The directory is locked by another process. \(said)")
        case SQLITE_FULL: .unavailable("The directory's disk is full. \(said)")
        case SQLITE_READONLY: .unavailable("The directory is read-only. \(said)")
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH, SQLITE_NOLFS:
            .unavailable("The directory's file cannot be opened. \(said)")
        case SQLITE_CORRUPT, SQLITE_NOTADB: .unavailable("The directory's file is damaged or no SQLite database. \(said)")
        case SQLITE_IOERR, SQLITE_PROTOCOL: .unavailable("The directory's file cannot be read or written. \(said)")
        case SQLITE_ERROR, SQLITE_SCHEMA: .unusable("The directory's tables do not fit. \(said)")
        default: .transient(said)
        }
    }
}

extension DirectoryError {
    /// The error for callers, from anything that GRDB or our own code threw.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as DirectoryError: error
            case let error as SQLiteFailure: error.directoryError
            case let error as DatabaseError: SQLiteFailure(error).directoryError
            case let error as UnreadableLedgerRow: .transient("\(error)")
            default: .transient("\(type(of: error))")
            }
    }
}
