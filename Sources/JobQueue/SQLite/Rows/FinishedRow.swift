import SyncModel

/// A finished batch as it is written, joined and encoded before it reaches the writer.
struct FinishedRow: Sendable {
    var results: [UInt8]
    /// Records of the users that failed; kept for `retryFailed`.
    var failedRecords: [UInt8]?
    /// Records of users to be tried once more.
    var deferred: [(index: UInt32, record: [UInt8])] = []
    /// Users without outcome count as cancelled.
    var counts = JobCounts()
    var failedCodes: [String: Int] = [:]
    /// No record of the batch is known: how many users it had is told by its row alone.
    private let isWithoutRecords: Bool

    /// - Parameter deferred: indices of users to be tried once more; empty in the last pass.
    init(payload: BatchPayload, users: [AppliedUser], deferred: Set<UInt32>) {
        isWithoutRecords = payload.bytes.isEmpty
        results = ResultsBlob(payload: payload, applied: users).bytes
        var failed: Set<UInt32> = []
        for user in users {
            counts[user.outcome] += 1
            guard user.outcome == .failed else { continue }
            failed.insert(user.index)
            if let code = user.code { failedCodes[code.word, default: 0] += 1 }
        }
        if !failed.isEmpty { failedRecords = payload.keeping(failed).bytes }
        if !deferred.isEmpty {
            payload.forEachRaw { raw, record in
                if deferred.contains(record.index) { self.deferred.append((record.index, Array(raw))) }
            }
        }
        counts.cancelled = max(0, payload.count - users.count - self.deferred.count)
    }

    init(_ batch: FinishedBatch) {
        self.init(
            payload: batch.batch.payload, users: batch.users, deferred: batch.batch.pass == .conflicts ? [] : batch.deferred)
    }

    static let endBatch = "UPDATE batches SET done = ?2, failed = ?3, created = ?4 WHERE id = ?1 AND done = 0 RETURNING users"
    static let insertResults = "INSERT INTO results (id, results) VALUES (?1, ?2)"
    static let deletePayload = "DELETE FROM payloads WHERE id = ?1"
    static let keepFailed = "UPDATE payloads SET records = ?2 WHERE id = ?1"

    /// Ends the batch as applied. False where it had ended before.
    mutating func write(id: Int64, in context: WriteContext) throws -> Bool {
        let users = try context.sql(Self.endBatch).first(.int(id), .int(1), .int(counts.failed), .int(counts.created)) {
            $0.int(0)
        }
        guard let users else { return false }
        if isWithoutRecords { counts.cancelled = max(0, users - counts.successful - counts.failed) }
        if !results.isEmpty { try context.sql(Self.insertResults).run(.int(id), .bytes(results)) }
        if let failedRecords {
            try context.sql(Self.keepFailed).run(.int(id), .bytes(failedRecords))
        } else {
            try context.sql(Self.deletePayload).run(.int(id))
        }
        return true
    }
}
