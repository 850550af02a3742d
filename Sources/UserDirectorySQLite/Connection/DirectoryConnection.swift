import Foundation
import GRDB
import GRDBSQLite
import SyncModel
import UserDirectory

/// The only connection that writes the directory, with its statements. Confined to the actor that opened it.
///
/// GRDB opens it and serves the schema work; the hot loop calls SQLite directly, on the same connection.
final class DirectoryConnection {
    private let queue: DatabaseQueue
    private let walPageLimit: Int
    /// A fixed page cache, if one was asked for; else it follows the file's size.
    private let fixedCacheKiB: Int?
    private var scale = FileScale.small
    /// Pages in the write-ahead log after the last commit, as reported by SQLite's hook.
    private let walPages: UnsafeMutablePointer<Int32>
    /// The log size, in pages, at which the next checkpoint is due.
    private var checkpointAt: Int
    private var statements: UserStatements?
    private var preparedDataVersion: Int64 = 0

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
        walPageLimit = options.walPageLimit
        fixedCacheKiB = options.cacheKiB
        checkpointAt = options.walPageLimit
        walPages = .allocate(capacity: 1)
        walPages.initialize(to: 0)
        try queue.writeWithoutTransaction { [walPages] db in
            if !makesFile, try Int.fetchOne(db, sql: "PRAGMA page_count") == 0 { throw Self.fileIsGone }
            try Self.setPragmas(db, cacheKiB: options.cacheKiB ?? FileScale.small.cacheKiB)
            sqlite3_wal_hook(
                db.sqliteConnection,
                { context, _, _, pages in
                    context?.assumingMemoryBound(to: Int32.self).pointee = pages
                    return SQLITE_OK
                }, walPages)
        }
    }

    deinit {
        close()
        walPages.deallocate()
    }

    /// Creates the tables, or upgrades existing ones.
    /// - Returns: why `sync_logs` will refuse rows; `nil` if it fits.
    func fitTables(for scope: EmailScope) throws -> String? {
        let outcome = try withDatabase { try SchemaUpgrade(db: $0, scope: scope).run() }
        preparedDataVersion = outcome.dataVersion
        return outcome.logTrouble
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
            let statements = self.statements ?? UserStatements(handle, preparedDataVersion: preparedDataVersion)
            self.statements = statements
            return try body(statements)
        }
    }

    /// Checks that the file is still where it was opened. A moved or removed file can still be written, unseen by everyone.
    func expectInPlace(_ handle: OpaquePointer) throws {
        var hasMoved: Int32 = 0
        guard sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved) == SQLITE_OK, hasMoved != 0 else { return }
        throw SQLiteFailure(code: SQLiteFailure.moved, message: "the file is not where it was opened")
    }

    // MARK: Checkpoints

    /// Checkpoints if the log has grown beyond its limit. Never waits for readers. False if none was due.
    func checkpointIfDue() -> Bool {
        guard Int(walPages.pointee) >= checkpointAt else { return false }
        // What cannot be written back now (a reader holds it) is attempted again when the log has grown by the same amount.
        // A failure costs nothing: the pages stay in the log.
        let frames = try? queue.writeWithoutTransaction { try $0.checkpoint(.passive) }
        if let frames, frames.walFrameCount == frames.checkpointedFrameCount {
            logIsWrittenBack()
        } else {
            checkpointAt = Int(walPages.pointee) + walPageLimit
        }
        return true
    }

    /// Writes the log back and empties its file if there are no readers; else does as much as possible without waiting.
    func checkpointWhenQuiet(busyTimeout: Double) {
        let isWhole = queue.writeWithoutTransaction { db in
            sqlite3_busy_timeout(db.sqliteConnection, 0)
            defer { sqlite3_busy_timeout(db.sqliteConnection, Int32(busyTimeout * 1000)) }
            return (try? db.checkpoint(.truncate)) != nil
        }
        if isWhole { logIsWrittenBack() }
    }

    private func logIsWrittenBack() {
        walPages.pointee = 0
        checkpointAt = walPageLimit
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
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            Foundation.close(descriptor)
        } else if errno != EEXIST {
            throw DirectoryError.unavailable("The directory's file cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    /// Whether there is no file, or an empty one, which holds nothing to be lost.
    static func isFileMissing(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno == ENOENT }
        return status.st_mode & S_IFMT == S_IFREG && status.st_size == 0
    }

    private static func expectFile(_ path: String) throws { if access(path, F_OK) != 0 { throw fileIsGone } }

    private static let fileIsGone = DirectoryError.unavailable(
        "The directory's file was moved, removed or emptied: put it back, or restart to begin with a new one")

    private static func setPragmas(_ db: Database, cacheKiB: Int) throws {
        func set(_ pragma: String, _ value: String, reads expected: String) throws {
            // Some pragmas return a row when set, others do not.
            _ = try Row.fetchAll(db, sql: "PRAGMA \(pragma)=\(value)")
            let now = try DatabaseValue.fetchOne(db, sql: "PRAGMA \(pragma)").map { String.fromDatabaseValue($0) ?? "\($0)" }
            guard now == expected else {
                throw DirectoryError.unusable("SQLite does not take PRAGMA \(pragma)=\(value): it stays at \(now ?? "nothing")")
            }
        }
        try set("journal_mode", "WAL", reads: "wal")
        // GRDB sets NORMAL if it turns on the log itself; it does not here. What is acknowledged must be on disk.
        try set("synchronous", "FULL", reads: "2")
        try set("cache_size", "-\(cacheKiB)", reads: "-\(cacheKiB)")
        // Before 3.51.3 a checkpoint beside a writer can lose a commit: only this connection checkpoints, between commits.
        try set("wal_autocheckpoint", "0", reads: "0")
        try set("foreign_keys", "ON", reads: "1")
    }
}
