import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

struct SQLiteLedger: BatchLedger {
    let statements: UserStatements

    func find(_ job: JobID, _ batch: Int) throws -> BatchApplied? {
        let select = try statements("SELECT results FROM usersync_ledger WHERE job_id = ?1 AND batch = ?2")
        select.bind(1, copying: job.text)
        select.bind(2, Int64(batch))
        guard try select.step() else { return nil }
        defer { select.reset() }
        if select.isNull(0) { return BatchApplied(jobID: job, number: batch, users: [], isTombstone: true) }
        guard let results = LedgerResults.decode(select.blob(0)) else {
            throw UnreadableLedgerRow(jobID: job, batch: batch)
        }
        return BatchApplied(jobID: job, number: batch, users: results.users, deferred: results.deferred)
    }

    func record(_ applied: BatchApplied) throws(SQLiteFailure) {
        let insert = try statements("INSERT INTO usersync_ledger (job_id, batch, results) VALUES (?1, ?2, ?3)")
        insert.bind(1, copying: applied.jobID.text)
        insert.bind(2, Int64(applied.number))
        if applied.isTombstone {
            insert.bindNull(3)
        } else {
            insert.bind(3, blob: LedgerResults.encode(applied.users, deferred: applied.deferred))
        }
        try insert.run()
    }

    func remove(_ job: JobID, _ batch: Int) throws {
        let delete = try statements("DELETE FROM usersync_ledger WHERE job_id = ?1 AND batch = ?2")
        delete.bind(1, copying: job.text)
        delete.bind(2, Int64(batch))
        try delete.run()
    }

    /// Removes a job's rows, including those of its waiting users.
    func forget(_ job: JobID) throws(SQLiteFailure) {
        for table in ["usersync_ledger", "usersync_waiting"] {
            let delete = try statements("DELETE FROM \(table) WHERE job_id = ?1")
            delete.bind(1, copying: job.text)
            try delete.run()
        }
    }
}
