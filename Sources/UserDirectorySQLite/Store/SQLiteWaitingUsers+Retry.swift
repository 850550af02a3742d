import SQLiteSupport
import SyncModel
import UserDirectory

/// Which rows a retry has written.
extension SQLiteWaitingUsers {
    private static let insertWritten = """
        INSERT OR REPLACE INTO usersync_waiting (job_id, user_index, wrapper_user_id, state, result) VALUES (?1, ?2, ?3, 3, ?6)
        """
    static let anyWritten = """
        SELECT 1 FROM usersync_waiting INDEXED BY usersync_waiting_written WHERE job_id = ?1 AND wrapper_user_id = ?3 AND state = 3 LIMIT 1
        """

    func addWritten(_ index: UInt32, id: [UInt8], result: [UInt8]?, in job: JobID) throws(SQLiteFailure) {
        let insert = try statement(Self.insertWritten, job)
        insert.bind(Self.index, Int64(index))
        insert.bind(Self.id, copying: id)
        if let result { insert.bind(6, blob: result) } else { insert.bindNull(6) }
        try insert.run()
    }

    func isWritten(_ id: [UInt8], in job: JobID) throws(SQLiteFailure) -> Bool {
        let select = try statement(Self.anyWritten, job)
        select.bind(Self.id, copying: id)
        return try select.found()
    }
}
