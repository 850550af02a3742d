import GRDB
package import JobQueue
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    package func results(
        of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?
    ) async throws -> Page<UserResult> {
        let first = try Int(cursor.map { try PageCursor.userIndex($0) } ?? 0)
        return try await read { [self] db in
            guard let row = try JobRow.find(id, db) else { return Page(items: [], nextCursor: nil) }
            let found = try results(row, status, from: first, limit: limit + 1, db)
            let next = found.count > limit ? PageCursor.text(.results, Int64(found[limit].applied.index)) : nil
            return Page(items: Array(found.prefix(limit)), nextCursor: next)
        }
    }

    package func keepResults(of id: JobID) -> ResultsHold? {
        readers.withLock { $0[id, default: 0] += 1 }
        return ResultsHold { [weak self] in
            self?.readers.withLock { readers in
                readers[id, default: 1] -= 1
                if readers[id] == 0 { readers[id] = nil }
            }
        }
    }

    private func results(
        _ row: JobRow, _ status: ResultStatusFilter?, from first: Int, limit: Int, _ db: Database
    ) throws -> [UserResult] {
        if status == nil, let few = try fewResults(row, from: first, limit: limit, db) { return few }
        var found: [UserResult] = []
        var index = first
        // Whatever total a damaged row claims, no job has more users than its batches can hold.
        let end = min(row.job.totalUsers, BatchName.limit * BatchLimits.mostUsers)
        while found.count < limit, index < end {
            let start = index / ResultsWindow.span * ResultsWindow.span
            found += try window(row, start, status, db).results(from: index, limit: limit - found.count)
            index = start + ResultsWindow.span
        }
        return found
    }

    /// Reads just the page's own batches if they are few: users sent in index order, or a small job.
    private func fewResults(_ row: JobRow, from first: Int, limit: Int, _ db: Database) throws -> [UserResult]? {
        let range = first..<max(first, min(first + limit, row.job.totalUsers))
        guard try ResultsWindow.batches(row.batchKey, range, db) <= Self.fewBatches else { return nil }
        let found = try ResultsWindow(row.batchKey, range, nil, db).results(from: first, limit: limit)
        // Users without a result (cancelled, or not applied yet) leave gaps: the page continues after them.
        return found.count == limit || range.upperBound == row.job.totalUsers ? found : nil
    }

    private func window(_ row: JobRow, _ start: Int, _ status: ResultStatusFilter?, _ db: Database) throws -> ResultsWindow {
        let key = ResultsWindows.Key(batchKey: row.batchKey, batchesDone: row.job.batchesDone, start: start, status: status)
        if let known = windows.withLock({ $0.find(key) }) { return known }
        let made = try ResultsWindow(row.batchKey, start..<(start + ResultsWindow.span), status, db)
        windows.withLock { $0.keep(made, key) }
        return made
    }

    /// Somewhat more than twice the batches that a page of 1,000 users needs.
    private static let fewBatches = 32
}
