import SyncModel

/// What is done in the directory, as far as the circuit breaker tells its parts apart.
enum DirectoryWork: Sendable {
    /// Batches of these tenants; of whom it may be, if there are none.
    case batches(of: Set<TenantID>)
    /// Jobs are ended: their rows in `sync_logs`.
    case endings
    case cancels
}

/// The work that met an outage. A value without I/O.
///
/// A probe may succeed where the work fails: it changes two rows and no user. So whether an outage is over is for the work to say
/// that met it, as far as any of it is left.
struct DoubtfulWork {
    /// Whose batches failed; nobody's in particular, if there are none.
    private var tenants: Set<TenantID> = []
    private var batchesAreInDoubt = false
    private var endingsAreInDoubt = false
    private var cancelsAreInDoubt = false

    var isEmpty: Bool { !batchesAreInDoubt && !endingsAreInDoubt && !cancelsAreInDoubt }

    mutating func failed(_ work: DirectoryWork) {
        switch work {
        case .batches(let failed):
            tenants.formUnion(failed)
            batchesAreInDoubt = true
        case .endings: endingsAreInDoubt = true
        case .cancels: cancelsAreInDoubt = true
        }
    }

    /// It failed when it was tried again. Only the last batches that failed are remembered, however many tenants have some.
    mutating func failedAgain(_ work: DirectoryWork) {
        if case .batches = work { tenants = [] }
        failed(work)
    }

    mutating func worked(_ work: DirectoryWork) {
        switch work {
        case .batches(let applied):
            tenants.subtract(applied)
            if tenants.isEmpty { batchesAreInDoubt = false }
        case .endings: endingsAreInDoubt = false
        case .cancels: cancelsAreInDoubt = false
        }
    }

    /// There is none of this kind, of no tenant.
    mutating func isDone(_ work: DirectoryWork) {
        if case .batches = work { tenants = [] }
        worked(work)
    }
}
