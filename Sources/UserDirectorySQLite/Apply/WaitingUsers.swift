import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// Users of a job that wait for its last pass: each as sent, with the id it carries (of either kind, in the column
/// `wrapper_user_id`), a Kinde id beside that, and the address it asks for.
///
/// Settled users are removed, with three exceptions: those settled before their own batch's turn, whose result waits for it;
/// those whose row keeps an address that they did not ask for, which other users of the job must know; and, in a retry, those
/// whose row it wrote.
struct WaitingUsers {
    /// `state` of a row. Queries spell out the numbers so that the partial indexes apply.
    enum State: Int64 {
        case open = 0
        case settled = 1
        /// Settled, but its row keeps an address that it did not ask for.
        case keeps = 2
        /// Settled by a retry, which has written to the row with its id.
        case written = 3
    }

    /// A user that carries an id.
    struct Carrier {
        var index: UInt32
        /// The address it asks for, in lower case; `nil` if none.
        var email: [UInt8]?
        /// The Kinde id beside its own.
        var kindeID: [UInt8]?
    }

    /// A row as found at its batch's turn.
    struct Entry {
        var state: State
        var result: [UInt8]

        /// The result that waits for the batch's turn; `nil` if the user is not settled yet.
        var settled: AppliedUser? {
            state == .open ? nil : result.withUnsafeBytes { LedgerResults.decode($0) }?.users.first
        }
    }

    let statements: UserStatements

    private static let job: Int32 = 1
    static let index: Int32 = 2
    static let id: Int32 = 3
    private static let email: Int32 = 4
    private static let kindeID: Int32 = 7
    private static let row: Int32 = 8

    // With INDEXED BY: otherwise SQLite would scan all of a job's users to get the order.
    private static let anyOf = "SELECT 1 FROM usersync_waiting WHERE job_id = ?1 LIMIT 1"
    private static let anyKeeping = """
        SELECT 1 FROM usersync_waiting INDEXED BY usersync_waiting_keeps WHERE job_id = ?1 AND state = 2 LIMIT 1
        """
    private static let insert = """
        INSERT OR REPLACE INTO usersync_waiting (job_id, user_index, wrapper_user_id, email, state, record, kinde_user_id, row_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """
    private static let entry = "SELECT state, result FROM usersync_waiting WHERE job_id = ?1 AND user_index = ?2"
    private static let results = """
        SELECT result FROM usersync_waiting WHERE job_id = ?1 AND result IS NOT NULL ORDER BY user_index
        """
    private static let recordOf = "SELECT record FROM usersync_waiting WHERE job_id = ?1 AND user_index = ?2"
    private static let update = """
        UPDATE usersync_waiting SET state = ?5, result = ?6, record = NULL, row_id = coalesce(?8, row_id) WHERE job_id = ?1 AND user_index = ?2
        """
    private static let delete = "DELETE FROM usersync_waiting WHERE job_id = ?1 AND user_index = ?2"
    private static let release = """
        UPDATE usersync_waiting INDEXED BY usersync_waiting_row SET state = 1 WHERE job_id = ?1 AND row_id = ?8 AND state = 2
        """
    static let sharerBefore = """
        SELECT * FROM (SELECT user_index FROM usersync_waiting INDEXED BY usersync_waiting_email
          WHERE job_id = ?1 AND email = ?4 AND state = 0 AND user_index < ?2 ORDER BY user_index DESC LIMIT 1)
        UNION ALL SELECT * FROM (SELECT user_index FROM usersync_waiting INDEXED BY usersync_waiting_user
          WHERE job_id = ?1 AND wrapper_user_id = ?3 AND state = 0 AND user_index < ?2 ORDER BY user_index DESC LIMIT 1)
        UNION ALL SELECT * FROM (SELECT user_index FROM usersync_waiting INDEXED BY usersync_waiting_user
          WHERE job_id = ?1 AND wrapper_user_id = ?7 AND state = 0 AND user_index < ?2 ORDER BY user_index DESC LIMIT 1)
        UNION ALL SELECT * FROM (SELECT user_index FROM usersync_waiting INDEXED BY usersync_waiting_kinde
          WHERE job_id = ?1 AND kinde_user_id = ?3 AND state = 0 AND user_index < ?2 ORDER BY user_index DESC LIMIT 1)
        LIMIT 1
        """
    static let openCarrier = """
        SELECT user_index, email, kinde_user_id FROM usersync_waiting INDEXED BY usersync_waiting_user
        WHERE job_id = ?1 AND wrapper_user_id = ?3 AND state = 0
        ORDER BY user_index LIMIT 1
        """
    static let keepingCarrier = """
        SELECT user_index, email, kinde_user_id FROM usersync_waiting INDEXED BY usersync_waiting_row
        WHERE job_id = ?1 AND row_id = ?8 AND state = 2 ORDER BY user_index DESC LIMIT 1
        """
    /// Several rows have the id, so the note names none.
    static let keepingAll = """
        SELECT user_index, email, kinde_user_id FROM usersync_waiting INDEXED BY usersync_waiting_keeps
        WHERE job_id = ?1 AND wrapper_user_id = ?3 AND state = 2 AND row_id IS NULL ORDER BY user_index DESC LIMIT 1
        """

    func exist(for job: JobID) throws(SQLiteFailure) -> Bool {
        try statement(Self.anyOf, job).found()
    }

    /// Whether rows of the job keep addresses that were not asked for.
    func keepAddresses(in job: JobID) throws(SQLiteFailure) -> Bool {
        try statement(Self.anyKeeping, job).found()
    }

    /// - Parameter record: as sent, including its length; `nil` for a settled user.
    func add(
        _ fields: RecordFields, _ record: UnsafeRawBufferPointer?, as state: State, row: Int64 = 0, in batch: BatchContext
    ) throws(SQLiteFailure) {
        let insert = try statement(Self.insert, batch.jobID)
        bind(fields, to: insert)
        insert.bind(5, state.rawValue)
        if let record { insert.bind(6, blob: record) } else { insert.bindNull(6) }
        bind(row: row, to: insert)
        try insert.run()
    }

    func find(_ index: UInt32, in batch: BatchContext) throws(SQLiteFailure) -> Entry? {
        let select = try statement(Self.entry, batch.jobID)
        select.bind(Self.index, Int64(index))
        guard try select.step() else { return nil }
        defer { select.reset() }
        return Entry(state: State(rawValue: select.int64(0)) ?? .open, result: Array(select.blob(1)))
    }

    /// The results that wait for their batch's turn, in index order.
    func settledAhead(of job: JobID) throws(SQLiteFailure) -> [AppliedUser] {
        let select = try statement(Self.results, job)
        var users: [AppliedUser] = []
        while try select.step() {
            guard let results = LedgerResults.decode(select.blob(0)) else {
                throw SQLiteFailure(code: SQLITE_CORRUPT, message: "what became of a waiting user of job \(job) cannot be read")
            }
            users += results.users
        }
        return users
    }

    /// A waiting user's record, including its length.
    func record(of index: UInt32, in batch: BatchContext) throws(SQLiteFailure) -> [UInt8] {
        let select = try statement(Self.recordOf, batch.jobID)
        select.bind(Self.index, Int64(index))
        guard try select.step() else { return [] }
        defer { select.reset() }
        return Array(select.blob(0))
    }

    /// The user that this one must come after: the last unsettled one before it that asks for the same address, else one that
    /// carries the same id, else one that has this one's Kinde id beside its own, or the other way round.
    func sharer(before fields: RecordFields, in batch: BatchContext) throws(SQLiteFailure) -> UInt32? {
        let select = try statement(Self.sharerBefore, batch.jobID)
        bind(fields, to: select)
        guard try select.step() else { return nil }
        defer { select.reset() }
        return UInt32(truncatingIfNeeded: select.int64(0))
    }

    /// The first waiting user that carries an id.
    func carrier(of id: [UInt8], in batch: BatchContext) throws(SQLiteFailure) -> Carrier? {
        try carrier(Self.openCarrier, id, batch)
    }

    /// The users that a row keeps its address from: the last one that was found in it, and the last one of an id that several rows
    /// have.
    func keepingCarriers(of row: Int64, _ ids: [[UInt8]], in batch: BatchContext) throws(SQLiteFailure) -> [Carrier] {
        let select = try statement(Self.keepingCarrier, batch.jobID)
        select.bind(Self.row, row)
        var found = [try carrier(select)]
        for id in ids { found.append(try carrier(Self.keepingAll, id, batch)) }
        return found.compactMap { $0 }
    }

    private func carrier(_ sql: String, _ id: [UInt8], _ batch: BatchContext) throws(SQLiteFailure) -> Carrier? {
        let select = try statement(sql, batch.jobID)
        select.bind(Self.id, copying: id)
        return try carrier(select)
    }

    private func carrier(_ select: SQLStatement) throws(SQLiteFailure) -> Carrier? {
        guard try select.step() else { return nil }
        defer { select.reset() }
        return Carrier(
            index: UInt32(truncatingIfNeeded: select.int64(0)), email: select.text(1).map { Array($0) },
            kindeID: select.text(2).map { Array($0) })
    }

    /// Marks the user as settled.
    /// - Parameters:
    ///   - state: what other users of the job must know about it.
    ///   - result: kept for its batch's turn; `nil` if this is it.
    func settle(
        _ index: UInt32, as state: State = .settled, row: Int64 = 0, result: [UInt8]?, in batch: BatchContext
    ) throws(SQLiteFailure) {
        let isKept = result != nil || state != .settled
        let statement = try statement(isKept ? Self.update : Self.delete, batch.jobID)
        statement.bind(Self.index, Int64(index))
        if isKept {
            statement.bind(5, state.rawValue)
            bind(row: row, to: statement)
            if let result { statement.bind(6, blob: result) } else { statement.bindNull(6) }
        }
        try statement.run()
    }

    /// The row now has the address asked for last: a note that it keeps another one no longer applies.
    func noLongerKeeps(_ row: Int64, in batch: BatchContext) throws(SQLiteFailure) {
        let update = try statement(Self.release, batch.jobID)
        update.bind(Self.row, row)
        try update.run()
    }

    /// Removes a job's entries.
    func forget(_ job: JobID) throws(SQLiteFailure) {
        try statement("DELETE FROM usersync_waiting WHERE job_id = ?1", job).run()
    }

    func statement(_ sql: String, _ job: JobID) throws(SQLiteFailure) -> SQLStatement {
        let statement = try statements(sql)
        statement.bind(Self.job, copying: job.text)
        return statement
    }

    /// - Parameter row: 0 for none.
    private func bind(row: Int64, to statement: SQLStatement) {
        if row == 0 { statement.bindNull(Self.row) } else { statement.bind(Self.row, row) }
    }

    private func bind(_ fields: RecordFields, to statement: SQLStatement) {
        statement.bind(Self.index, Int64(fields.index))
        statement.bind(Self.id, fields.personID.map { .text($0) } ?? .null)
        statement.bind(Self.kindeID, fields.kindeIDBeside.map { .text($0) } ?? .null)
        statement.bind(Self.email, fields.email.map { .text($0) } ?? .null)
    }
}
