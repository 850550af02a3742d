import PostgreSQLSupport
import SyncModel
import UserDirectory

/// The table `usersync_waiting`. The id that a user carries, of either kind, is in the column `wrapper_user_id`.
struct PostgresWaitingUsers: WaitingUsers {
    let commit: PostgresCommit

    private static let upsert = """
        INSERT INTO usersync_waiting (job_id, user_index, wrapper_user_id, email, state, record, kinde_user_id, row_id, result)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (job_id, user_index) DO UPDATE SET wrapper_user_id = excluded.wrapper_user_id, email = excluded.email,
          state = excluded.state, record = excluded.record, kinde_user_id = excluded.kinde_user_id, row_id = excluded.row_id,
          result = excluded.result
        """
    /// Parameters: the job, the user's index, its id, its Kinde id beside that, its address.
    private static let sharerBefore: String = {
        let ways = ["email = $5", "wrapper_user_id = $3", "wrapper_user_id = $4", "kinde_user_id = $3"]
        let selects = ways.enumerated().map { number, way in
            """
            (SELECT \(number) AS way, user_index FROM usersync_waiting
              WHERE job_id = $1 AND \(way) AND state = 0 AND user_index < $2 ORDER BY user_index DESC LIMIT 1)
            """
        }
        return "SELECT user_index FROM (\(selects.joined(separator: " UNION ALL "))) AS found ORDER BY way LIMIT 1"
    }()
    private static let carrier = "SELECT user_index, email, kinde_user_id FROM usersync_waiting WHERE job_id = $1"
    private static let openCarrier = "\(carrier) AND wrapper_user_id = $2 AND state = 0 ORDER BY user_index LIMIT 1"
    private static let keepingCarrier = "\(carrier) AND row_id = $2 AND state = 2 ORDER BY user_index DESC LIMIT 1"
    private static let keepingAll =
        "\(carrier) AND wrapper_user_id = $2 AND state = 2 AND row_id IS NULL ORDER BY user_index DESC LIMIT 1"

    func exist(for job: JobID) throws -> Bool {
        try isAny("SELECT EXISTS (SELECT 1 FROM usersync_waiting WHERE job_id = $1)", .text(job.text))
    }

    func keepAddresses(in job: JobID) throws -> Bool {
        try isAny("SELECT EXISTS (SELECT 1 FROM usersync_waiting WHERE job_id = $1 AND state = 2)", .text(job.text))
    }

    private func isAny(_ sql: String, _ values: PostgresValue...) throws(PostgresError) -> Bool {
        try commit.one(PostgresStatement(sql, values)).first?.bool(0) ?? false
    }

    func add(
        _ fields: RecordFields, _ record: UnsafeRawBufferPointer?, as state: WaitingState, row: Int64, in job: JobID
    ) throws {
        try commit.one(
            Self.upsert, .text(job.text), .int8(Int64(fields.index)), text(fields.personID), text(fields.email),
            .int8(state.rawValue), .bytea(record.map { Array($0) }), text(fields.kindeIDBeside), self.row(row), .bytea(nil))
    }

    func addWritten(_ index: UInt32, id: [UInt8], result: [UInt8]?, in job: JobID) throws {
        try commit.one(
            Self.upsert, .text(job.text), .int8(Int64(index)), .text(utf8: id), .text(nil), .int8(WaitingState.written.rawValue),
            .bytea(nil), .text(nil), .int8(nil), .bytea(result))
    }

    func find(_ index: UInt32, in job: JobID) throws -> WaitingEntry? {
        try commit.one(
            "SELECT state, result FROM usersync_waiting WHERE job_id = $1 AND user_index = $2", .text(job.text),
            .int8(Int64(index))
        ).first.map { row in
            WaitingEntry(
                state: WaitingState(rawValue: Int64(try row.int(0))) ?? .open, result: try row.optionalBytes(1) ?? [])
        }
    }

    func settledAhead(of job: JobID) throws -> [AppliedUser] {
        try commit.one(
            "SELECT result FROM usersync_waiting WHERE job_id = $1 AND result IS NOT NULL ORDER BY user_index", .text(job.text)
        ).map { try $0.bytes(0) }.flatMap { $0.withUnsafeBytes { LedgerResults.decode($0) }?.users ?? [] }
    }

    func record(of index: UInt32, in job: JobID) throws -> [UInt8] {
        try commit.one(
            "SELECT record FROM usersync_waiting WHERE job_id = $1 AND user_index = $2", .text(job.text), .int8(Int64(index))
        ).first?.optionalBytes(0) ?? []
    }

    func sharer(before fields: RecordFields, in job: JobID) throws -> UInt32? {
        try commit.one(
            Self.sharerBefore, .text(job.text), .int8(Int64(fields.index)), text(fields.personID), text(fields.kindeIDBeside),
            text(fields.email)
        ).first.map { UInt32(truncatingIfNeeded: try $0.int(0)) }
    }

    func carrier(of id: [UInt8], in job: JobID) throws -> WaitingCarrier? {
        try carrier(Self.openCarrier, job, .text(utf8: id))
    }

    func keepingCarriers(of row: Int64, _ ids: [[UInt8]], in job: JobID) throws -> [WaitingCarrier] {
        var found = [try carrier(Self.keepingCarrier, job, .int8(row))]
        for id in ids { found.append(try carrier(Self.keepingAll, job, .text(utf8: id))) }
        return found.compactMap { $0 }
    }

    private func carrier(_ sql: String, _ job: JobID, _ value: PostgresValue) throws -> WaitingCarrier? {
        try commit.one(sql, .text(job.text), value).first.map { row in
            WaitingCarrier(
                index: UInt32(truncatingIfNeeded: try row.int(0)), email: try row.utf8(1).map { Array($0) },
                kindeID: try row.utf8(2).map { Array($0) })
        }
    }

    func isWritten(_ id: [UInt8], in job: JobID) throws -> Bool {
        try isAny(
            "SELECT EXISTS (SELECT 1 FROM usersync_waiting WHERE job_id = $1 AND wrapper_user_id = $2 AND state = 3)",
            .text(job.text), .text(utf8: id))
    }

    func settle(_ index: UInt32, as state: WaitingState, row: Int64, result: [UInt8]?, in job: JobID) throws {
        guard result != nil || state != .settled else {
            try commit.one(
                "DELETE FROM usersync_waiting WHERE job_id = $1 AND user_index = $2", .text(job.text), .int8(Int64(index)))
            return
        }
        try commit.one(
            """
            UPDATE usersync_waiting SET state = $3, result = $4, record = NULL, row_id = coalesce($5, row_id)
            WHERE job_id = $1 AND user_index = $2
            """, .text(job.text), .int8(Int64(index)), .int8(state.rawValue), .bytea(result), self.row(row))
    }

    func noLongerKeeps(_ row: Int64, in job: JobID) throws {
        try commit.one(
            "UPDATE usersync_waiting SET state = 1 WHERE job_id = $1 AND row_id = $2 AND state = 2", .text(job.text), .int8(row))
    }

    func forget(_ job: JobID) throws {
        try commit.one("DELETE FROM usersync_waiting WHERE job_id = $1", .text(job.text))
    }

    private func text(_ bytes: UnsafeRawBufferPointer?) -> PostgresValue { bytes.map { .text(utf8: Array($0)) } ?? .text(nil) }

    /// - Parameter row: 0 for none.
    private func row(_ row: Int64) -> PostgresValue { .int8(row == 0 ? nil : row) }
}
