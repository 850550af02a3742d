import Foundation
import GRDB
import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// The only connection that writes the directory, with its statements. Confined to the actor that opened it.
///
/// GRDB opens it and serves the schema work; the hot loop calls SQLite directly, on the same connection.
final class DirectoryConnection {
    private let queue: DatabaseQueue
    /// A fixed page cache, if one was asked for; else it follows the file's size.
    private let fixedCacheKiB: Int?
    private var scale = FileScale.small
    private let log: WriteAheadLog
    private var statements: UserStatements?
    private var findings = SchemaUpgrade.Findings()

    /// Opens the file, sets every pragma and reads it back.
    /// - Parameter makesFile: whether to create a missing file (with mode 0600).
    /// - Throws: `DatabaseError`; `DirectoryError` if there is no file or a pragma did not take effect.
    init(path: String, options: SQLiteUserDirectory.Options, makesFile: Bool = true) throws {
        if makesFile { try Self.createPrivately(path) } else { try Self.expectFile(path) }
        var configuration = Configuration()
        configuration.label = "usersync.directory"
        configuration.busyMode = .timeout(options.busyTimeout)
        // The CRM's own triggers and views may rely on it.
        configuration.acceptsDoubleQuotedStringLiterals = true
        queue = try DatabaseQueue(path: path, configuration: configuration)
        let log = WriteAheadLog(limit: options.logPages)
        self.log = log
        fixedCacheKiB = options.cacheKiB
        try queue.writeWithoutTransaction { db in
            if !makesFile, try Int.fetchOne(db, sql: "PRAGMA page_count") == 0 { throw Self.fileIsGone }
            try Self.setPragmas(db, cacheKiB: options.cacheKiB ?? FileScale.small.cacheKiB)
            log.attach(to: db)
        }
    }

    deinit { close() }

    /// Creates the tables, or upgrades existing ones.
    func fitTables(for scope: EmailScope) throws -> SchemaUpgrade.Findings {
        findings = try withDatabase { try SchemaUpgrade(db: $0, scope: scope).run() }
        return findings
    }

    /// Runs schema work and infrequent reads through GRDB.
    func withDatabase<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try queue.writeWithoutTransaction(body)
    }

    /// Runs `body` on SQLite's own handle, with the statements compiled for it.
    func withStatements<Result>(_ body: (UserStatements) throws -> Result) throws -> Result {
        try queue.writeWithoutTransaction { db in
            guard let handle = db.sqliteConnection else {
                throw SQLiteFailure(code: SQLITE_CANTOPEN, message: "the connection is closed")
            }
            let statements = self.statements ?? UserStatements(handle, findings)
            self.statements = statements
            return try body(statements)
        }
    }

    /// Checks that the file is still where it was opened. A moved or removed file can still be written, unseen by everyone.
    func expectInPlace(_ handle: OpaquePointer) throws {
        guard DatabaseFile.hasMoved(handle) else { return }
        throw SQLiteFailure(code: SQLiteFailure.moved, message: "the file is not where it was opened")
    }

    // MARK: Checkpoints

    /// Checkpoints if the log has grown beyond its limit. Never waits for readers. False if none was due.
    func checkpointIfDue() -> Bool {
        guard log.isCheckpointDue else { return false }
        queue.writeWithoutTransaction { log.checkpoint($0, truncating: false) }
        return true
    }

    /// Writes the log back and empties its file if there are no readers; else does as much as possible without waiting.
    func checkpointWhenQuiet(busyTimeout: Double) {
        queue.writeWithoutTransaction { db in
            db.setBusyTimeout(0)
            defer { db.setBusyTimeout(Int32(busyTimeout * 1000)) }
            log.checkpoint(db, truncating: true)
        }
    }

    /// What this process wrote to the log and has not written back, in bytes.
    var logBytes: Int64 { Int64(log.pages) * 4096 }

    /// Empties the log's file if it is longer than this, without waiting for readers.
    func emptyLog(longerThan bytes: Int64, busyTimeout: Double) {
        let length = queue.writeWithoutTransaction { db in DatabaseFile.logBytes(db.sqliteConnection) }
        if length > bytes { checkpointWhenQuiet(busyTimeout: busyTimeout) }
    }

    /// Gives the connection the page cache for the file's present size.
    func fitScale() -> FileScale {
        queue.writeWithoutTransaction { db in
            guard let bytes = try? Int.fetchOne(db, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            else { return }
            let fitting = FileScale.of(fileBytes: bytes)
            guard fitting != scale else { return }
            scale = fitting
            if fixedCacheKiB == nil { try? db.execute(sql: "PRAGMA cache_size = -\(fitting.cacheKiB)") }
        }
        return scale
    }

    func close() {
        statements = nil
        try? queue.close()
    }

    // MARK: Opening

    /// Creates the file, accessible only to its owner. An existing one belongs to the CRM and keeps its mode.
    private static func createPrivately(_ path: String) throws {
        if let reason = DatabaseFile.make(path) {
            throw DirectoryError.unavailable("The directory's file cannot be made: \(reason)")
        }
    }

    /// Whether the file is missing or empty, so that nothing can be lost.
    static func isFileMissing(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno == ENOENT }
        return !DatabaseFile.isOtherThanFile(path) && status.st_size == 0
    }

    private static func expectFile(_ path: String) throws { if access(path, F_OK) != 0 { throw fileIsGone } }

    private static let fileIsGone = DirectoryError.unavailable(
        "The directory's file was moved, removed or emptied: put it back, or restart to begin with a new one")

    private static func setPragmas(_ db: Database, cacheKiB: Int) throws {
        do {
            try Pragma("journal_mode", "WAL", reads: "wal").set(db)
            // GRDB sets NORMAL if it turns on the log itself; it does not here. What is acknowledged must be on disk.
            try Pragma("synchronous", "FULL", reads: "2").set(db)
            try Pragma("cache_size", "-\(cacheKiB)", reads: "-\(cacheKiB)").set(db)
            // Before 3.51.3 a checkpoint beside a writer can lose a commit: only this connection checkpoints, between commits.
            try Pragma("wal_autocheckpoint", "0", reads: "0").set(db)
            try Pragma("foreign_keys", "ON", reads: "1").set(db)
        } catch let error as Pragma.Refused {
            let (pragma, found) = (error.pragma, error.found ?? "nothing")
            throw DirectoryError.unusable("SQLite does not take PRAGMA \(pragma.name)=\(pragma.value): it stays at \(found)")
        }
    }
}
