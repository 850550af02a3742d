import JobQueue
import SyncModel

extension Lanes {
    /// In what a tenant's lane differs from the tables and from what is kept beside it.
    ///
    /// Between two commits each of these is exact, for memory follows a commit before the next one begins. But for a reservation: a
    /// reader holds it for a moment, so it is at fault only where it is there at the next look too.
    func faults(of tenantID: TenantID, beside facts: LaneFacts) -> Set<LaneFault> {
        guard let lane = self[tenantID] else { return facts.hasWork ? [LaneFault(kind: .forgottenWork)] : [] }
        var found: Set<LaneFault> = []
        if facts.hasWork != lane.hasWork { found.insert(LaneFault(kind: facts.hasWork ? .forgottenWork : .inventedWork)) }
        for lease in facts.ended where lane.held[lease] != nil {
            found.insert(LaneFault(kind: .staleLease, number: lease.value))
        }
        if let backoff = lane.backoff, !facts.backsOff {
            found.insert(LaneFault(kind: .staleBackoff, number: backoff.until.microseconds))
        }
        if lane.isClaimed { found.insert(LaneFault(kind: .staleClaim, number: lane.claims)) }
        if !isInPlace(tenantID, lane) { found.insert(LaneFault(kind: .misplaced)) }
        return found
    }

    /// Puts a fault right that `faults` found.
    mutating func putRight(_ fault: LaneFault, of tenantID: TenantID) {
        switch fault.kind {
        case .forgottenWork: setWork(tenantID, true)
        case .inventedWork: setWork(tenantID, false)
        case .staleLease: end([LeaseID(value: fault.number)])
        case .staleBackoff: clearBackoff(tenantID)
        case .staleClaim: unclaim(tenantID)
        case .misplaced: place(tenantID)
        case .wrongCancel: break
        }
    }
}
