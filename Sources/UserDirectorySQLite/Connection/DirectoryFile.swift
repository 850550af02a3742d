import GRDB
import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// The directory's file: opened at the first call, reopened after every failure that spoils the connection, until it is closed.
/// Confined to the actor that made it.
final class DirectoryFile {
    private enum State {
        case unopened
        case open(DirectoryConnection)
        case closed
    }

    private let path: String
    private let scope: EmailScope
    private let options: SQLiteUserDirectory.Options
    private let warn: @Sendable (String) -> Void
    private let onReopen: () -> Void
    private var state = State.unopened
    /// Whether a missing file may be created: only as long as none has been seen. `nil`: not looked yet.
    private var makesFile: Bool?
    private var hasWarned = false
    /// The last warning about a `sync_logs` that does not fit.
    private var logTrouble: String?
    /// What suits the file, as of the last checkpoint.
    private(set) var scale = FileScale.small
    private var room: CommitRoom?

    /// - Parameters:
    ///   - warn: called with what the operator should know, once each.
    ///   - onReopen: called when the file is given up; what is remembered of its rows no longer holds.
    init(
        path: String, scope: EmailScope, options: SQLiteUserDirectory.Options, warn: @escaping @Sendable (String) -> Void,
        onReopen: @escaping () -> Void
    ) {
        self.path = path
        self.scope = scope
        self.options = options
        self.warn = warn
        self.onReopen = onReopen
        room = options.disk.map { CommitRoom($0) }
    }

    /// Opens the file, if it is not open, and creates or upgrades its tables.
    func prepare() throws(DirectoryError) { _ = try connection() }

    /// Runs `body` on the open file, followed by a checkpoint if one is due.
    /// - Parameter isOfUsers: whether it is a commit of users, which may be made smaller if it finds the disk full.
    func write<Result>(
        isOfUsers: Bool = false, _ body: (UserStatements) throws -> Result
    ) throws(DirectoryError) -> Result {
        let connection = try connection()
        do {
            let result = try connection.withStatements { statements in
                try connection.expectInPlace(statements.connection)
                let result = try body(statements)
                // A commit into a file that has just been moved is lost: repeat it, in the file that is there by then.
                try connection.expectInPlace(statements.connection)
                return result
            }
            keepLogShort(connection)
            return result
        } catch {
            if let failure = SQLiteFailure(error), failure.primaryCode == SQLITE_FULL {
                if isOfUsers { room?.filled() }
                makeRoom(connection)
            }
            // A damaged or missing file, or a changed table, may have been repaired: the next call reopens it.
            if let failure = error as? SQLiteFailure, failure.spoilsConnection || failure.tellsOfSchema {
                reopen()
            }
            throw DirectoryError(error)
        }
    }

    /// Runs `body`, which writes more than it frees, where the disk has room for a commit.
    /// - Parameter body: gets the most batches that the commit may take.
    /// - Throws: `unavailable` if there is no room, before anything is written.
    func grow<Result>(_ body: (UserStatements, _ batches: Int) throws -> Result) throws(DirectoryError) -> Result {
        try expectRoom()
        let most = room?.begin() ?? .max
        let result = try write(isOfUsers: true) { try body($0, most) }
        room?.worked()
        return result
    }

    /// The same for one transaction that can be no smaller: whether it fits tells nothing of others.
    func growOnce<Result>(_ body: (UserStatements) throws -> Result) throws(DirectoryError) -> Result {
        try expectRoom()
        return try write(body)
    }

    /// - Throws: `unavailable` if the disk has no room for a commit, even after what can be spared was given up.
    func expectRoom() throws(DirectoryError) {
        guard let room else { return }
        let connection = try connection()
        guard room.shortage(logBytes: connection.logBytes) != nil else { return }
        makeRoom(connection, isFull: false)
        guard let shortage = room.shortage(logBytes: connection.logBytes) else { return }
        self.room?.refused()
        throw .unavailable(shortage)
    }

    /// The most batches of a commit, whoever waits for it.
    var batchesPerCommit: Int { min(scale.batchesPerCommit, room?.most ?? .max) }

    private func keepLogShort(_ connection: DirectoryConnection) {
        if let room, room.isTight(logBytes: connection.logBytes) {
            connection.emptyLog(longerThan: DiskMargins.tightLogBytes, busyTimeout: options.busyTimeout)
            scale = connection.fitScale()
        } else if connection.checkpointIfDue() {
            scale = connection.fitScale()
        }
    }

    /// Gives up what can be spared, and empties the log: what a failed commit wrote stays in its file otherwise.
    private func makeRoom(_ connection: DirectoryConnection, isFull: Bool = true) {
        guard room != nil else { return }
        connection.emptyLog(longerThan: 0, busyTimeout: options.busyTimeout)
        guard isFull || room?.shortage() != nil else { return }
        room?.giveUpWhatCanBeSpared()
        // Written back into the room that was just made.
        connection.emptyLog(longerThan: 0, busyTimeout: options.busyTimeout)
    }

    func checkpoint() {
        guard case .open(let connection) = state else { return }
        connection.checkpointWhenQuiet(busyTimeout: options.busyTimeout)
        scale = connection.fitScale()
    }

    /// Makes the next call reopen the file, which may be another one by then.
    func reopen() {
        if case .open(let connection) = state { connection.close() }
        state = .unopened
        onReopen()
    }

    /// Closes the file for good: further calls throw `DirectoryError.unavailable`.
    func close() {
        if case .open(let connection) = state { connection.close() }
        state = .closed
    }

    /// The open connection, with its tables created or upgraded.
    private func connection() throws(DirectoryError) -> DirectoryConnection {
        switch state {
        case .open(let connection): return connection
        case .closed: throw .unavailable("The directory is closed")
        case .unopened: break
        }
        warnOfOldSQLite()
        do {
            // Never recreate a file that existed, even one that could not be opened: an empty one would hide the loss of everything
            // synced, and what is applied to it is lost once the file is put back.
            let isFirstLook = self.makesFile == nil
            let makesFile = (self.makesFile ?? true) && DirectoryConnection.isFileMissing(path)
            self.makesFile = makesFile
            try expectNothingElse(isFirstLook: isFirstLook)
            let connection = try DirectoryConnection(path: path, options: options, makesFile: makesFile)
            let findings = try connection.fitTables(for: scope)
            warnOfLog(findings.logTrouble)
            // Found once: the next time, the index is there.
            if let trouble = findings.kindeTrouble { warn(trouble) }
            scale = connection.fitScale()
            state = .open(connection)
            self.makesFile = false
            return connection
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            room?.giveUpWhatCanBeSpared()
            throw DirectoryError(error)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            throw .unusable("The directory's rows do not fit its tables. SQLite says: \(SQLiteFailure(error).message)")
        } catch {
            throw DirectoryError(error)
        }
    }

    /// A folder, pipe or device at the first look is a mistake in the settings. Later it has taken the file's place, which may pass.
    private func expectNothingElse(isFirstLook: Bool) throws(DirectoryError) {
        guard DatabaseFile.isOtherThanFile(path) else { return }
        guard isFirstLook else {
            throw .unavailable("A folder, pipe or device is in the place of the directory's file: put the file back")
        }
        throw .unusable("DATABASE_URL names a folder, pipe or device: it has to name a file, or where one is to be made")
    }

    /// Warns once per problem, as the file is reopened after every outage.
    private func warnOfLog(_ trouble: String?) {
        if let trouble, trouble != logTrouble { warn("sync_logs does not fit, so jobs end without their row there. \(trouble)") }
        logTrouble = trouble
    }

    private func warnOfOldSQLite() {
        guard !hasWarned, sqlite3_libversion_number() < 3_051_003 else { return }
        hasWarned = true
        warn(
            """
            SQLite \(String(cString: sqlite3_libversion())) can lose a commit when one connection checkpoints while another writes; \
            3.51.3 fixes that. usersync keeps to one connection; let no other process checkpoint this file
            """)
    }
}
