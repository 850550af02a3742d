import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// The table `usersync_waiting`. The id that a user carries, of either kind, is in the column `wrapper_user_id`.
struct SQLiteWaitingUsers: WaitingUsers {
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

    func keepAddresses(in job: JobID) throws(SQLiteFailure) -> Bool {
        try statement(Self.anyKeeping, job).found()
    }

    func add(
        _ fields: RecordFields, _ record: UnsafeRawBufferPointer?, as state: WaitingState, row: Int64, in job: JobID
    ) throws(SQLiteFailure) {
        let insert = try statement(Self.insert, job)
        bind(fields, to: insert)
        insert.bind(5, state.rawValue)
        if let record { insert.bind(6, blob: record) } else { insert.bindNull(6) }
        bind(row: row, to: insert)
        try insert.run()
    }

    func find(_ index: UInt32, in job: JobID) throws(SQLiteFailure) -> WaitingEntry? {
        let select = try statement(Self.entry, job)
        select.bind(Self.index, Int64(index))
        guard try select.step() else { return nil }
        defer { select.reset() }
        return WaitingEntry(state: WaitingState(rawValue: select.int64(0)) ?? .open, result: Array(select.blob(1)))
    }

    func settledAhead(of job: JobID) throws(SQLiteFailure) -> [AppliedUser] {
        let select = try statement(Self.results, job)
        var users: [AppliedUser] = []
        while try select.step() {
            // What became of a user whose row something else has changed is not known: it counts as one that was not reached.
            users += LedgerResults.decode(select.blob(0))?.users ?? []
        }
        return users
    }

    func record(of index: UInt32, in job: JobID) throws(SQLiteFailure) -> [UInt8] {
        let select = try statement(Self.recordOf, job)
        select.bind(Self.index, Int64(index))
        guard try select.step() else { return [] }
        defer { select.reset() }
        return Array(select.blob(0))
    }

    func sharer(before fields: RecordFields, in job: JobID) throws(SQLiteFailure) -> UInt32? {
        let select = try statement(Self.sharerBefore, job)
        bind(fields, to: select)
        guard try select.step() else { return nil }
        defer { select.reset() }
        return UInt32(truncatingIfNeeded: select.int64(0))
    }

    func carrier(of id: [UInt8], in job: JobID) throws(SQLiteFailure) -> WaitingCarrier? {
        try carrier(Self.openCarrier, id, job)
    }

    func keepingCarriers(of row: Int64, _ ids: [[UInt8]], in job: JobID) throws(SQLiteFailure) -> [WaitingCarrier] {
        let select = try statement(Self.keepingCarrier, job)
        select.bind(Self.row, row)
        var found = [try carrier(select)]
        for id in ids { found.append(try carrier(Self.keepingAll, id, job)) }
        return found.compactMap { $0 }
    }

    private func carrier(_ sql: String, _ id: [UInt8], _ job: JobID) throws(SQLiteFailure) -> WaitingCarrier? {
        let select = try statement(sql, job)
        select.bind(Self.id, copying: id)
        return try carrier(select)
    }

    private func carrier(_ select: SQLStatement) throws(SQLiteFailure) -> WaitingCarrier? {
        guard try select.step() else { return nil }
        defer { select.reset() }
        return WaitingCarrier(
            index: UInt32(truncatingIfNeeded: select.int64(0)), email: select.text(1).map { Array($0) },
            kindeID: select.text(2).map { Array($0) })
    }

    func settle(
        _ index: UInt32, as state: WaitingState, row: Int64, result: [UInt8]?, in job: JobID
    ) throws(SQLiteFailure) {
        let isKept = result != nil || state != .settled
        let statement = try statement(isKept ? Self.update : Self.delete, job)
        statement.bind(Self.index, Int64(index))
        if isKept {
            statement.bind(5, state.rawValue)
            bind(row: row, to: statement)
            if let result { statement.bind(6, blob: result) } else { statement.bindNull(6) }
        }
        try statement.run()
    }

    func noLongerKeeps(_ row: Int64, in job: JobID) throws(SQLiteFailure) {
        let update = try statement(Self.release, job)
        update.bind(Self.row, row)
        try update.run()
    }

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
