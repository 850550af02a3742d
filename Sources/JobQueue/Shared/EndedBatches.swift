package import SyncModel

/// What a job's ended batches add up to.
package struct EndedBatches {
    package var counts = JobCounts()
    package var failedCodes: [String: Int] = [:]
    package var deferred = 0
    package var lostResults = 0
    /// Numbers of the batches that ended.
    package var ended: Set<Int> = []
    /// When the last of them was leased: the job's start, if none is recorded.
    package var startedAt: Timestamp?

    package init() {}

    package mutating func add(_ row: FinishedRow, number: Int, keepsDeferred: Bool) {
        counts = counts + row.counts
        if keepsDeferred { deferred += row.deferred.count } else { counts.cancelled += row.deferred.count }
        failedCodes.merge(row.failedCodes, uniquingKeysWith: +)
        lostResults += row.lostResults
        ended.insert(number)
    }
}

extension JobRow {
    /// The row after these batches ended.
    package func after(_ progress: EndedBatches) -> JobRow {
        var row = self
        if job.state == .queued, let start = progress.startedAt {
            row.job.state = .running
            row.job.startedAt = start
        }
        row.job.batchesDone += progress.ended.count
        while progress.ended.contains(row.nextBatch) { row.nextBatch += 1 }
        row.deferred += progress.deferred
        row.job.counts = row.job.counts + progress.counts
        row.job.failedCodes.merge(progress.failedCodes, uniquingKeysWith: +)
        if progress.lostResults > 0 { row.job.warnings = LostResults.adding(progress.lostResults, to: row.job.warnings) }
        // Another batch's backoff stays: a later commit group may have put one off before this one was written.
        if let waiting = row.retryBatch, progress.ended.contains(waiting) { (row.retryAt, row.retryBatch) = (nil, nil) }
        let isOpen = row.job.batchesDone < row.job.batches || row.deferred > 0
        row.phase = isOpen ? (row.job.cancelRequested ? .cancelling : .working) : .endable
        return row
    }
}
