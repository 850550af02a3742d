import JobQueue
package import SyncModel

extension MemoryJobQueue {
    package func tenant(named name: TenantID) async throws -> TenantID { try look { $0.tenant(named: name) } }

    package func unasked(_ names: TenantNames) async throws -> [TenantID] {
        try look { state in state.tenantAliases == .learn ? NamesDecision(names) { state.known($0) }.unasked : [] }
    }
}

extension MemoryJobQueue.State {
    func tenant(named name: TenantID) -> TenantID {
        tenantAliases == .off ? name : disk.aliases[name]?.alias.tenantID ?? name
    }

    /// The tenants whose records a name finds: the one that it stands for, and its own from before it was set.
    func tenants(listedAs name: TenantID) -> Set<TenantID> { [tenant(named: name), name] }

    func hasJobs(_ tenantID: TenantID) -> Bool {
        disk.ends[tenantID].map { $0.endedAt.microseconds > 0 } ?? false || disk.entries.contains { $0.job.tenantID == tenantID }
    }

    func known(_ name: TenantID) -> KnownName {
        let tenantID = tenant(named: name)
        return KnownName(
            tenantID: tenantID, hasJobs: hasJobs(tenantID) || isMerging(tenantID),
            aliases: disk.aliases.values.map(\.alias).filter { $0.tenantID == tenantID }.map(\.alias))
    }

    @discardableResult
    mutating func add(
        _ alias: TenantID, of tenantID: TenantID, _ origin: TenantAlias.Origin, at now: Timestamp
    ) -> TenantAlias {
        let added = TenantAlias(alias: alias, tenantID: tenantID, origin: origin, since: now)
        disk.aliases[alias] = QueueDisk.Alias(seq: disk.nextNumber(), alias: added)
        return added
    }

    /// Whose a new job is, with a warning if its names contradict each other; what they teach is kept.
    mutating func learn(from new: NewJob) -> (TenantID, warning: String?) {
        guard new.retryOf == nil else { return (tenant(named: new.retriedTenantID ?? new.tenantID), nil) }
        let names = tenantAliases == .learn ? new.tenantNames : new.tenantNames.withoutOthers
        let decision = NamesDecision(names) { known($0) }
        for alias in decision.learnt { add(alias, of: decision.tenantID, .learnt, at: new.acceptedAt) }
        if decision.isNews { decisions.append(decision) }
        return (decision.tenantID, decision.warning)
    }

    /// The number after all that were sent under a job's name.
    func nextSequence(of job: Job) -> Int64 {
        let before = tenantAliases == .off ? disk.aliases[job.sentTenantID]?.alias.tenantID : nil
        return ([job.tenantID, job.sentTenantID, before].compactMap { $0.flatMap { disk.ends[$0]?.sequence } }.max() ?? 0) + 1
    }
}
