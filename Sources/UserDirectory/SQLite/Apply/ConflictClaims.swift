import SyncModel

/// Users of a job that wait for its last pass, each with the email it asks for.
struct ConflictClaims {
    let statements: UserStatements

    func exist(for job: JobID) throws(SQLiteFailure) -> Bool {
        let select = try statements("SELECT 1 FROM usersync_conflicts WHERE job_id = ?1 LIMIT 1")
        select.bind(1, copying: job.text)
        return try select.found()
    }

    func add(_ fields: RecordFields, in batch: BatchContext) throws(SQLiteFailure) {
        let insert = try statements(
            """
            INSERT OR REPLACE INTO usersync_conflicts (job_id, user_index, tenant_id, wrapper_user_id, email)
            VALUES (?1, ?2, ?3, ?4, ?5)
            """)
        insert.bind(1, copying: batch.jobID.text)
        insert.bind(2, Int64(fields.index))
        insert.bind(3, copying: batch.tenantID.text)
        insert.bind(4, fields[.id].map { .text($0) } ?? .null)
        insert.bind(5, fields.email.map { .text($0) } ?? .null)
        try insert.run()
    }

    /// Whether a user before this one, with the same id or email, waits: then this one has to wait too.
    func precede(_ fields: RecordFields, in batch: BatchContext) throws(SQLiteFailure) -> Bool {
        let select = try statements(
            """
            SELECT 1 FROM usersync_conflicts WHERE job_id = ?1 AND wrapper_user_id = ?4 AND user_index < ?2 AND tenant_id = ?3
            UNION ALL
            SELECT 1 FROM usersync_conflicts WHERE job_id = ?1 AND email = ?5 AND user_index < ?2 AND tenant_id = ?3
            LIMIT 1
            """)
        select.bind(1, copying: batch.jobID.text)
        select.bind(2, Int64(fields.index))
        select.bind(3, copying: batch.tenantID.text)
        select.bind(4, fields[.id].map { .text($0) } ?? .null)
        select.bind(5, fields.email.map { .text($0) } ?? .null)
        return try select.found()
    }

    /// The next claim of a user, after the one at `index`: users before it had their turn.
    func next(of wrapperID: String, after index: UInt32, in batch: BatchContext) throws(SQLiteFailure) -> (
        index: Int64, email: String
    )? {
        let select = try statements(
            """
            SELECT user_index, email FROM usersync_conflicts
            WHERE job_id = ?1 AND wrapper_user_id = ?4 AND user_index > ?2 AND tenant_id = ?3 ORDER BY user_index LIMIT 1
            """)
        select.bind(1, copying: batch.jobID.text)
        select.bind(2, Int64(index))
        select.bind(3, copying: batch.tenantID.text)
        select.bind(4, copying: wrapperID)
        guard try select.step() else { return nil }
        defer { select.reset() }
        return select.string(1).map { (select.int64(0), $0) }
    }

    /// Notes that a claim's email was given out before its user's turn.
    func markMoved(_ index: Int64, in batch: BatchContext) throws(SQLiteFailure) {
        let update = try statements(
            "UPDATE usersync_conflicts SET moved = 1 WHERE job_id = ?1 AND user_index = ?2 AND tenant_id = ?3")
        update.bind(1, copying: batch.jobID.text)
        update.bind(2, index)
        update.bind(3, copying: batch.tenantID.text)
        try update.run()
    }

    func wasMoved(_ index: UInt32, in batch: BatchContext) throws(SQLiteFailure) -> Bool {
        let select = try statements(
            "SELECT 1 FROM usersync_conflicts WHERE job_id = ?1 AND user_index = ?2 AND tenant_id = ?3 AND moved = 1")
        select.bind(1, copying: batch.jobID.text)
        select.bind(2, Int64(index))
        select.bind(3, copying: batch.tenantID.text)
        return try select.found()
    }
}

extension RawStatement {
    /// Whether there is a row.
    func found() throws(SQLiteFailure) -> Bool {
        guard try step() else { return false }
        reset()
        return true
    }
}
