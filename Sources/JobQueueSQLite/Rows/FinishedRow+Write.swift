import JobQueue
import SQLiteSupport
import SyncModel

extension FinishedRow {
    static let endBatch = "UPDATE batches SET done = ?2, failed = ?3, created = ?4 WHERE id = ?1 AND done = 0 RETURNING users"
    static let insertResults = "INSERT INTO results (id, results) VALUES (?1, ?2)"
    static let deletePayload = "DELETE FROM payloads WHERE id = ?1"
    static let keepFailed = "UPDATE payloads SET records = ?2 WHERE id = ?1"

    /// Ends the batch as applied. False if it had already ended.
    /// - Parameter mayLoseResults: ends it also if the table refuses its results; `results` is empty then.
    mutating func write(id: Int64, in context: WriteContext, mayLoseResults: Bool = false) throws -> Bool {
        let users = try context.sql(Self.endBatch).first(.int(id), .int(1), .int(counts.failed), .int(counts.created)) {
            $0.int(0)
        }
        guard let users else { return false }
        if isWithoutRecords {
            counts.cancelled = max(0, min(users, BatchLimits.mostUsers) - counts.successful - counts.failed)
        }
        do {
            if !results.isEmpty { try context.sql(Self.insertResults).run(.int(id), .bytes(results)) }
        } catch  where mayLoseResults && SQLiteFailure(error)?.isOfContent ?? false {
            // The statement alone was undone.
            results = []
        }
        if let failedRecords {
            try context.sql(Self.keepFailed).run(.int(id), .bytes(failedRecords))
        } else {
            try context.sql(Self.deletePayload).run(.int(id))
        }
        return true
    }
}
