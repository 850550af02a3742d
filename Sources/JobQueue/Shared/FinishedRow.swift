package import SyncModel

/// A finished batch in the form that is written, joined and encoded before it reaches the writer.
package struct FinishedRow: Sendable {
    package var results: [UInt8]
    /// Records of the users that failed, kept for `retryFailed`.
    package var failedRecords: [UInt8]?
    /// Records of users deferred to the last pass.
    package var deferred: [(index: UInt32, record: [UInt8])] = []
    /// Users without an outcome count as cancelled.
    package var counts = JobCounts()
    package var failedCodes: [String: Int] = [:]
    /// Users whose results are not in `results`.
    package var lostResults = 0
    /// No record of the batch is known: only its row says how many users it had.
    package let isWithoutRecords: Bool

    /// - Parameter deferred: indices of users deferred to the last pass; empty in the last pass.
    package init(payload: BatchPayload, users: [AppliedUser], deferred: Set<UInt32>) {
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

    package init(_ batch: FinishedBatch) {
        self.init(
            payload: batch.batch.payload, users: batch.users, deferred: batch.batch.pass == .conflicts ? [] : batch.deferred)
        lostResults = batch.lostResults
    }

    /// Bytes of the batch's users that no longer wait for anything.
    package func settledBytes(of payload: BatchPayload) -> Int64 {
        Int64(payload.bytes.count) - deferred.reduce(0) { $0 + Int64($1.record.count) }
    }
}
