import JobQueue
import SyncModel

extension Lanes {
    /// The differences between a tenant's lane and the tables, and within the lane itself.
    ///
    /// Between two commits each of these is exact, since memory follows a commit before the next one begins. A reservation is made
    /// and ended at any time: it is wrong only if the call that made it has returned.
    func faults(of tenantID: TenantID, beside facts: LaneFacts) -> Set<LaneFault> {
        guard let lane = self[tenantID] else { return facts.hasWork ? [LaneFault(kind: .forgottenWork)] : [] }
        var found: Set<LaneFault> = []
        if facts.hasWork != lane.hasWork { found.insert(LaneFault(kind: facts.hasWork ? .forgottenWork : .inventedWork)) }
        for lease in facts.ended where lane.held[lease] != nil {
            found.insert(LaneFault(kind: .staleLease, number: lease.value))
        }
        for seq in facts.notPutOff where lane.backoffs[seq] != nil { found.insert(LaneFault(kind: .staleBackoff, number: seq)) }
        if let call = lane.claimedBy, !calls.isOpen(call) { found.insert(LaneFault(kind: .staleClaim, number: lane.claims)) }
        if !isInPlace(tenantID, lane) { found.insert(LaneFault(kind: .misplaced)) }
        return found
    }

    /// Corrects a fault found by `faults`.
    mutating func putRight(_ fault: LaneFault, of tenantID: TenantID) {
        switch fault.kind {
        case .forgottenWork: setWork(tenantID, true)
        case .inventedWork: setWork(tenantID, false)
        case .staleLease: end([LeaseID(value: fault.number)])
        case .staleBackoff: clearBackoff(tenantID, ofJob: fault.number)
        case .staleClaim: unclaim(tenantID)
        case .misplaced: place(tenantID)
        case .wrongCancel: break
        }
    }
}
