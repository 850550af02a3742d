import GRDB
import JobQueue
package import SyncModel

extension SQLiteJobQueue {
    package func tenant(named name: TenantID) async throws -> TenantID {
        guard limits.tenantAliases != .off else { return name }
        return try readNow { try AliasRow.tenant(named: name, $0) }
    }

    /// The same inside a transaction.
    func tenant(named name: TenantID, _ db: Database) throws -> TenantID {
        limits.tenantAliases == .off ? name : try AliasRow.tenant(named: name, db)
    }

    package func unasked(_ names: TenantNames) async throws -> [TenantID] {
        guard limits.tenantAliases == .learn, !names.others.isEmpty else { return [] }
        return try readNow { db in try NamesDecision(Self.toDecide(names, db)) { try known($0, db) } }.unasked
    }

    /// The names without further ones where all stand for one tenant already, as they do in nearly every request: then no more needs to be
    /// read of them.
    private static func toDecide(_ names: TenantNames, _ db: Database) throws -> TenantNames {
        let tenantID = try AliasRow.tenant(named: names.sent, db)
        let areOne = try names.others.allSatisfy { try AliasRow.tenant(named: $0, db) == tenantID }
        return areOne ? names.withoutOthers : names
    }

    /// A tenant that is being merged must become no alias otherwise.
    private func known(_ name: TenantID, _ db: Database) throws -> KnownName {
        var known = try AliasRow.known(name, db)
        if isMerging(known.tenantID) { known.hasJobs = true }
        return known
    }

    /// Decides whose the job is, and writes what its names teach.
    func decide(on job: NewJob, in context: WriteContext) throws -> NamesDecision {
        var names = job.tenantNames
        if job.retryOf != nil || limits.tenantAliases != .learn { names = names.withoutOthers }
        let db = context.db
        if !names.others.isEmpty { names = try Self.toDecide(names, db) }
        let decision =
            names.others.isEmpty
            ? try NamesDecision(names) { name in
                KnownName(tenantID: try tenant(named: job.retriedTenantID ?? name, db), hasJobs: false, aliases: [])
            } : try NamesDecision(names) { try known($0, db) }
        for alias in decision.learnt {
            try AliasRow.insert(alias, of: decision.tenantID, .learnt, at: job.acceptedAt, db)
        }
        if decision.isNews { context.afterCommit { [self] in notify { $0.namesDecided(decision) } } }
        return decision
    }

    /// The number that a job's end takes: above all that receivers saw under its name.
    /// - Parameter last: the tenant's last one.
    func nextSequence(of job: Job, after last: Int64, _ db: Database) throws -> Int64 {
        var names: Set<TenantID> = [job.sentTenantID]
        // Its jobs were those of another tenant before TENANT_ALIASES was off.
        if limits.tenantAliases == .off { names.insert(try AliasRow.tenant(named: job.sentTenantID, db)) }
        names.remove(job.tenantID)
        let others = try names.compactMap { try TenantEnd.last(of: $0, db)?.sequence }
        return others.reduce(last, max) + 1
    }

    /// Keeps a job's number from being used again under its name, if that is another tenant by now.
    func noteSequence(_ sequence: Int64, of job: Job, _ db: Database) throws {
        guard job.sentTenantID != job.tenantID, try tenant(named: job.sentTenantID, db) != job.tenantID else { return }
        try TenantEnd.raise(job.sentTenantID, above: sequence, db)
    }
}
