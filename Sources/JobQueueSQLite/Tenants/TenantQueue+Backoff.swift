import JobQueue
import SyncModel

/// Tenants that are put off until a batch is tried again.
extension TenantQueue {
    /// Puts the tenant off; of two backoffs of a job, the later one holds, those of several jobs all do.
    mutating func backOff(_ tenantID: TenantID, _ backoff: Backoff) {
        backingOff.insert(tenantID)
        change(tenantID) { state in
            if let present = state.backoffs[backoff.seq], present.until > backoff.until { return }
            state.backoffs[backoff.seq] = backoff
        }
    }

    /// A job's backoff no longer holds its tenant back.
    /// - Parameter batches: the batches that ended; another one's backoff stays. `nil` clears any.
    mutating func clearBackoff(_ tenantID: TenantID, ofJob seq: Int64, batches: Set<Int>? = nil) {
        guard let backoff = states[tenantID]?.backoffs[seq], batches?.contains(backoff.batch) ?? true else { return }
        if states[tenantID]?.backoffs.count == 1 { backingOff.remove(tenantID) }
        change(tenantID) { $0.backoffs[seq] = nil }
    }

    /// When the next tenant in backoff has waited long enough.
    var nextRetry: Timestamp? { backingOff.compactMap { states[$0]?.backoffs.values.map(\.until).max() }.min() }

    /// All backoffs, in no particular order.
    var backoffs: [(tenantID: TenantID, Backoff)] {
        backingOff.flatMap { tenantID in (states[tenantID]?.backoffs.values).map { $0.map { (tenantID, $0) } } ?? [] }
    }
}
