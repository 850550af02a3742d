import JobQueue

/// Batch keys of jobs whose cancel was requested while batches were open.
struct CancellingJobs {
    private(set) var keys: Set<Int64> = []
    /// Changes so far: what was read before a change may no longer be leased.
    private(set) var changes = 0

    mutating func set(_ batchKey: Int64, _ isCancelling: Bool) {
        if isCancelling { keys.insert(batchKey) } else { keys.remove(batchKey) }
        changes += 1
    }
}

extension TenantQueue {
    mutating func setCancelling(_ batchKey: Int64, _ isCancelling: Bool) { cancelling.set(batchKey, isCancelling) }

    var cancelChanges: Int { cancelling.changes }

    /// The batch keys of all of them.
    var cancellingKeys: Set<Int64> { cancelling.keys }

    func isCancelling(_ batchKey: Int64) -> Bool { cancelling.keys.contains(batchKey) }

    func isCancelling(_ lease: LeaseID) -> Bool { held(lease).map { isCancelling($0.batch.batchKey) } ?? false }
}
