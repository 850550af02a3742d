import GRDB
import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

/// Deletes in steps, each a short transaction shared with others, so that no write waits for a large job to be deleted.
extension SQLiteJobQueue {
    package func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) async throws -> Int {
        var pruned = 0
        while pruned < limit {
            let step = min(limit - pruned, Self.pruneStep)
            let keys = try await writer.write { [self] context in try pruneJobs(before: jobsBefore, limit: step, in: context) }
            windows.withLock { windows in for key in keys { windows.forget(batchKey: key) } }
            await sweepOrOwe(keys)
            pruned += keys.count
            if keys.count < step { break }
        }
        while try await writer.write({ context in
            try context.sql(Self.deleteKeys).run(.time(keysBefore), .int(Self.rowStep))
            return context.db.changesCount
        }) == Self.rowStep {}
        while try await writer.write({ context in try Self.pruneLooseDeliveries(before: jobsBefore, in: context) })
            == Self.rowStep
        {}
        try await writer.write { context in try context.sql(Self.deleteDestinations).run(.time(jobsBefore)) }
        return pruned
    }

    /// Deletes ended jobs, with their deliveries. The rows under their batch keys are marked, to be swept.
    private func pruneJobs(before: Timestamp, limit: Int, in context: WriteContext) throws -> [Int64] {
        let read = readers.withLock { Set($0.keys.map(\.text)) }
        let jobs = try context.sql(Self.selectPrunable).all(.time(before), .int(limit + read.count)) { row in
            (seq: row.int64(0), id: row.text(1), key: row.int64(2), state: JobState(code: row.int(3)))
        }.filter { !read.contains($0.id) }.prefix(limit)
        for job in jobs {
            try context.sql(Self.deleteBodies).run(.text(job.id))
            try context.sql(Self.deleteDeliveries).forEach(.text(job.id)) { row in
                let state = DeliveryState(code: row.int(0))
                context.count { $0[state] -= 1 }
            }
            try context.sql(Self.deleteJob).run(.int(job.seq))
            try OrphanRow.mark(job.key, .everything, context.db)
            context.count { $0[job.state] -= 1 }
        }
        return jobs.map(\.key)
    }

    private static func pruneLooseDeliveries(before: Timestamp, in context: WriteContext) throws -> Int {
        let old = try context.sql(selectLoose).all(.time(before), .int(rowStep)) { ($0.int64(0), DeliveryState(code: $0.int(1))) }
        for (seq, state) in old {
            try context.sql(deleteBody).run(.int(seq))
            try context.sql(deleteDelivery).run(.int(seq))
            context.count { $0[state] -= 1 }
        }
        return old.count
    }

    /// What a crash left behind: uploads that became no job, and interrupted deletions.
    func leftovers() async throws -> [Int64] { try await read { db in try OrphanRow.keys(db) } }

    /// Deletes what is marked under batch keys, then the marks. What cannot be deleted now is deleted when there is room for it.
    func sweepOrOwe(_ keys: [Int64]) async {
        guard !keys.isEmpty else { return }
        do { try await sweep(keys) } catch { owed.withLock { $0 += keys } }
    }

    /// Deletes what is marked under batch keys, then the marks. What cannot be deleted keeps nothing else
    /// from being deleted.
    func sweep(_ keys: [Int64]) async throws {
        do {
            try await sweepAll(keys)
        } catch QueueError.damaged, QueueError.refused {
            var failure: (any Error)?
            for key in keys {
                do { try await sweepAll([key]) } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    private func sweepAll(_ keys: [Int64]) async throws {
        var rest = keys[...]
        while !rest.isEmpty {
            let step = rest
            let isTight = gate.isTight
            rest = rest.dropFirst(
                try await writer.write { context in
                    try Self.sweepSome(step, blobs: isTight ? Self.tightBlobStep : Self.blobStep, in: context)
                })
            // Deletions are first written to the log, overwritten with zeros.
            if isTight { await emptyLog() }
        }
    }

    /// - Parameter blobs: the most payloads to delete.
    /// - Returns: how many of `keys` are done with.
    private static func sweepSome(_ keys: ArraySlice<Int64>, blobs: Int, in context: WriteContext) throws -> Int {
        var blobs = blobs
        var rows = rowStep
        /// False if something is left.
        func delete(_ sql: String, _ values: [SQLValue], _ budget: inout Int) throws -> Bool {
            try context.sql(sql).run(values + [.int(budget)])
            budget -= context.db.changesCount
            return budget > 0
        }
        for (i, key) in keys.enumerated() {
            guard let kind = try OrphanRow.find(key, context.db)?.kind else { continue }
            guard try delete(DeferredRow.deleteSome, [.int(key)], &rows) else { return i }
            if kind == .everything {
                let bounds = BatchName.bounds(key: key)
                let range: [SQLValue] = [.int(bounds.first), .int(bounds.last)]
                guard try delete(deletePayloads, range, &blobs), try delete(deleteResults, range, &rows),
                    try delete(deleteBatches, range, &rows)
                else { return i }
            }
            try OrphanRow.remove(key, context.db)
        }
        return keys.count
    }

    /// The most jobs that one transaction deletes.
    private static let pruneStep = 100
    /// The most payloads (tens of KiB each) that one transaction deletes.
    private static let blobStep = 64
    /// The same while the disk is short.
    private static let tightBlobStep = 8
    /// The most small rows that one transaction deletes.
    private static let rowStep = 500

    static let selectPrunable = """
        SELECT seq, id, batch_key, state FROM jobs INDEXED BY jobs_ended
        WHERE phase = 4 AND ended_at < ?1
            AND NOT EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_job WHERE d.job_id = jobs.id AND d.state = 0)
        ORDER BY ended_at LIMIT ?2
        """
    private static let deleteJob = "DELETE FROM jobs WHERE seq = ?1"
    private static let deleteBodies = """
        DELETE FROM delivery_bodies WHERE seq IN (SELECT seq FROM deliveries WHERE job_id = ?1)
        """
    private static let deleteDeliveries = "DELETE FROM deliveries WHERE job_id = ?1 RETURNING state"
    static let deleteKeys = """
        DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency INDEXED BY idempotency_age WHERE accepted_at < ?1 LIMIT ?2)
        """
    static let selectLoose = """
        SELECT seq, state FROM deliveries INDEXED BY deliveries_loose
        WHERE job_id IS NULL AND created_at < ?1 AND state <> 0 LIMIT ?2
        """
    private static let deleteBody = "DELETE FROM delivery_bodies WHERE seq = ?1"
    private static let deleteDelivery = "DELETE FROM deliveries WHERE seq = ?1"
    static let deletePayloads = """
        DELETE FROM payloads WHERE id IN (SELECT id FROM payloads WHERE id >= ?1 AND id <= ?2 LIMIT ?3)
        """
    private static let deleteResults = """
        DELETE FROM results WHERE id IN (SELECT id FROM results WHERE id >= ?1 AND id <= ?2 LIMIT ?3)
        """
    private static let deleteBatches = """
        DELETE FROM batches WHERE id IN (SELECT id FROM batches WHERE id >= ?1 AND id <= ?2 LIMIT ?3)
        """
}
