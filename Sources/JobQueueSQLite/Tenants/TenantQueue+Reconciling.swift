import JobQueue
import SyncModel

extension TenantQueue {
    /// The differences between a tenant's state and the tables, and within the state itself.
    ///
    /// Between two commits each of these is exact, since memory follows a commit before the next one begins. A reservation is made
    /// and ended at any time: it is wrong only if the call that made it has returned.
    func faults(of tenantID: TenantID, beside facts: TenantFacts) -> Set<TenantFault> {
        guard let state = self[tenantID] else { return facts.hasWork ? [TenantFault(kind: .forgottenWork)] : [] }
        var found: Set<TenantFault> = []
        if facts.hasWork != state.hasWork { found.insert(TenantFault(kind: facts.hasWork ? .forgottenWork : .inventedWork)) }
        for lease in facts.ended where state.held[lease] != nil {
            found.insert(TenantFault(kind: .staleLease, number: lease.value))
        }
        for seq in facts.notPutOff where state.backoffs[seq] != nil {
            found.insert(TenantFault(kind: .staleBackoff, number: seq))
        }
        if let call = state.claimedBy, !calls.isOpen(call) { found.insert(TenantFault(kind: .staleClaim, number: state.claims)) }
        if !isInPlace(tenantID, state) { found.insert(TenantFault(kind: .misplaced)) }
        return found
    }

    /// Corrects a fault found by `faults`.
    mutating func putRight(_ fault: TenantFault, of tenantID: TenantID) {
        switch fault.kind {
        case .forgottenWork: setWork(tenantID, true)
        case .inventedWork: setWork(tenantID, false)
        case .staleLease: end([LeaseID(value: fault.number)])
        case .staleBackoff: clearBackoff(tenantID, ofJob: fault.number)
        case .staleClaim: unclaim(tenantID)
        case .misplaced: place(tenantID)
        case .wrongCancel, .undueDelivery, .forgottenDestination, .forgottenHold: break
        }
    }
}
