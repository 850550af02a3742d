package import SyncModel

/// The results of a range of a job's users in index order, ready for paging.
///
/// Intake sorts users by email inside runs of up to 100,000 before it cuts batches, so each batch of a run has users from the
/// run's whole range, and any page of it needs all of the run's batches. A window reads them once: their blobs as stored, and for
/// each user the position of the result. Only the results of a page are decoded.
package struct ResultsWindow: Sendable {
    /// Users per window: one run.
    package static let span = 100_000

    private let blobs: [ResultsBlob]
    private var entries: [(blob: Int, entry: ResultsBlob.Entry)] = []

    /// - Parameters:
    ///   - range: indices; results outside of it are left out.
    ///   - status: results of another one are left out.
    ///   - blobs: those of the batches that hold users of the range, in any order.
    package init(_ range: Range<Int>, _ status: ResultStatusFilter?, of blobs: [ResultsBlob]) {
        self.blobs = blobs
        for (at, blob) in blobs.enumerated() {
            blob.forEachEntry { entry in
                if range.contains(Int(entry.index)), status?.includes(entry.outcome) ?? true { entries.append((at, entry)) }
            }
        }
        entries.sort { $0.entry.index < $1.entry.index }
    }

    /// Up to `limit` results from `index` on.
    package func results(from index: Int, limit: Int) -> [UserResult] {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if Int(entries[middle].entry.index) < index { low = middle + 1 } else { high = middle }
        }
        return entries[low...].prefix(limit).map { blobs[$0.blob].result(of: $0.entry) }
    }
}

extension ResultStatusFilter {
    package func includes(_ outcome: UserOutcome) -> Bool { outcome.status == rawValue }
}
