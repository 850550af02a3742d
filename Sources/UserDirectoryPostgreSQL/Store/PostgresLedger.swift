import PostgreSQLSupport
import SyncModel
import UserDirectory

struct PostgresLedger: BatchLedger {
    let commit: PostgresCommit

    func find(_ job: JobID, _ batch: Int) throws -> BatchApplied? {
        let found = try commit.one(
            "SELECT results FROM usersync_ledger WHERE job_id = $1 AND batch = $2", .text(job.text), .int8(batch))
        guard let row = found.first else { return nil }
        guard let results = try row.optionalBytes(0) else {
            return BatchApplied(jobID: job, number: batch, users: [], isTombstone: true)
        }
        guard let read = results.withUnsafeBytes({ LedgerResults.decode($0) }) else {
            throw UnreadableLedgerRow(jobID: job, batch: batch)
        }
        return BatchApplied(jobID: job, number: batch, users: read.users, deferred: read.deferred)
    }

    func record(_ applied: BatchApplied) throws {
        let results = applied.isTombstone ? nil : LedgerResults.encode(applied.users, deferred: applied.deferred)
        try commit.one(
            "INSERT INTO usersync_ledger (job_id, batch, results) VALUES ($1, $2, $3)", .text(applied.jobID.text),
            .int8(applied.number), .bytea(results))
    }

    func remove(_ job: JobID, _ batch: Int) throws {
        try commit.one("DELETE FROM usersync_ledger WHERE job_id = $1 AND batch = $2", .text(job.text), .int8(batch))
    }

    /// Removes a job's rows, including those of its waiting users.
    func forget(_ job: JobID) throws {
        try commit.run(
            PostgresStatement("DELETE FROM usersync_ledger WHERE job_id = $1", .text(job.text)),
            PostgresStatement("DELETE FROM usersync_waiting WHERE job_id = $1", .text(job.text)))
    }
}
