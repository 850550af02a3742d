import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

/// A job that is accepted for a tenant of a merge is in phase `held`: no lease, no end and no cancel needs to know of merges.
extension SQLiteJobQueue {
    package func beginMerge(of alias: TenantID, into tenant: TenantID, now: Timestamp) async throws -> MergeStart {
        try await writer.write { [self] context in
            let db = context.db
            let (from, to) = (try AliasRow.tenant(named: alias, db), try AliasRow.tenant(named: tenant, db))
            guard from != to else { return .areOne(to) }
            let open = try MergeRow.allOpen(db)
            if let other = open.first(where: { !Set([$0.alias, $0.tenantID]).isDisjoint(with: [from, to]) }) {
                return other.alias == from && other.tenantID == to ? .present(other) : .refused(.isMerging(other))
            }
            guard open.count < TenantMerge.mostOpen else { return .refused(.tooManyMerges) }
            let names = try Set(AliasRow.aliases(of: from, db) + AliasRow.aliases(of: to, db) + [from])
            guard names.count <= TenantAlias.mostOfTenant else { return .refused(.tooManyAliases) }
            guard let merge = try MergeRow.insert(from, to, at: now, db) else { throw QueueError.unavailable("It was not kept") }
            hold([from, to], true, in: context)
            return .begun(try MergeRow.counted(merge, db))
        }
    }

    package func merge(_ id: Int64) async throws -> TenantMerge? { try await read { try MergeRow.find(id, $0) } }

    package func merges(limit: Int, cursor: String?) async throws -> Page<TenantMerge> {
        let before = try cursor.map { try PageCursor.numbers($0, .merges, count: 1)[0] } ?? .max
        return try await read { db in
            let found = try db.sql(MergeRow.page).all(.int(before), .int(limit + 1)) { MergeRow.row($0) }
            let page = try found.prefix(limit).map { try MergeRow.counted($0, db) }
            return Page(items: page, nextCursor: found.count > limit ? page.last.map { PageCursor.text(.merges, $0.id) } : nil)
        }
    }

    package func openMerges() async throws -> [TenantMerge] { try await read { try MergeRow.allOpen($0) } }

    // MARK: Steps

    package func startMoving(_ id: Int64) async throws -> Bool {
        try await writer.write { [self] context in
            guard var merge = try MergeRow.find(id, context.db), merge.state == .draining else {
                return try MergeRow.find(id, context.db)?.state == .moving
            }
            guard limits.tenantAliases != .off else {
                try refuse(merge, because: "TENANT_ALIASES is off", now: clock.now(), in: context)
                return false
            }
            guard merge.openJobs == 0 else { return false }
            merge.state = .moving
            try MergeRow.write(merge, context.db)
            return true
        }
    }

    package func endMoving(_ id: Int64, moved: Int, joined: Int, now: Timestamp) async throws {
        try await writer.write { [self] context in
            guard var merge = try MergeRow.find(id, context.db), merge.state == .moving else { return }
            (merge.state, merge.moved, merge.joined) = (.settling, moved, joined)
            try MergeRow.write(merge, context.db)
            try context.sql(MergeRow.setLast).run(.int(id), .int(nextNumber()))
            let (alias, tenantID) = (merge.alias, merge.tenantID)
            // Its own id may be among its aliases, which kept it a tenant of its own.
            try context.sql(AliasRow.delete).run(.tenant(alias))
            try context.sql(AliasRow.giveAll).run(.tenant(alias), .tenant(tenantID))
            try AliasRow.insert(alias, of: tenantID, .set, at: now, context.db)
            if let ended = try TenantEnd.last(of: alias, context.db) {
                try TenantEnd.raise(tenantID, above: ended.sequence, context.db)
            }
            // An expired one is none, and would hide the name's.
            try context.sql(IdempotencyRow.deleteExpired).run(
                .tenant(tenantID), .time(now.advanced(bySeconds: -IdempotencyRow.lifetime)))
            try context.sql(IdempotencyRow.giveAll).run(.tenant(alias), .tenant(tenantID))
            try giveOpenJobs(of: alias, to: tenantID, in: context)
            try letGo([alias, tenantID], in: context)
        }
    }

    package func settleMerge(_ id: Int64, limit: Int, now: Timestamp) async throws -> Bool {
        try await writer.write { [self] context in
            guard var merge = try MergeRow.find(id, context.db), merge.state == .settling else { return true }
            let (alias, tenantID) = (merge.alias, merge.tenantID)
            try context.sql(Self.giveJobs).run(.tenant(alias), .tenant(tenantID), .int(id), .int(limit))
            let jobs = context.db.changesCount
            let deliveries = try giveDeliveries(of: merge, limit: limit, now: now, in: context)
            guard jobs < limit, deliveries < limit else { return false }
            // Its own later ones, if it was forgotten meanwhile, no longer wait for those that were given away.
            try dueIsNext(of: alias, at: now, in: context)
            (merge.state, merge.endedAt) = (.merged, now)
            try MergeRow.write(merge, context.db)
            return true
        }
    }

    package func refuseMerge(_ id: Int64, because error: String, now: Timestamp) async throws {
        try await writer.write { [self] context in
            guard let merge = try MergeRow.find(id, context.db), merge.endedAt == nil, merge.state != .settling else { return }
            try refuse(merge, because: error, now: now, in: context)
        }
    }

    private func refuse(
        _ merge: TenantMerge, because error: String, now: Timestamp, in context: WriteContext
    ) throws {
        var merge = merge
        (merge.state, merge.endedAt, merge.error) = (.refused, now, String(error.prefix(Self.errorLimit)))
        try MergeRow.write(merge, context.db)
        try letGo([merge.alias, merge.tenantID], in: context)
    }

    package func cancelMerge(_ id: Int64, now: Timestamp) async throws -> TenantMerge? {
        try await writer.write { [self] context in
            guard var merge = try MergeRow.find(id, context.db), merge.state == .draining else {
                return try MergeRow.find(id, context.db)
            }
            (merge.state, merge.endedAt) = (.cancelled, now)
            try MergeRow.write(merge, context.db)
            try letGo([merge.alias, merge.tenantID], in: context)
            return try MergeRow.find(id, context.db)
        }
    }

    // MARK: Jobs

    /// Whether jobs of a tenant are held. Exact in a transaction: changed there, and changed back if it is rolled back.
    func isMerging(_ tenantID: TenantID) -> Bool { merging.withLock { $0.contains(tenantID) } }

    private func hold(_ tenants: [TenantID], _ areHeld: Bool, in context: WriteContext) {
        let change: @Sendable (Bool) -> Void = { [self] areHeld in
            merging.withLock { merging in
                if areHeld { merging.formUnion(tenants) } else { merging.subtract(tenants) }
            }
        }
        change(areHeld)
        context.onRollback { change(!areHeld) }
    }

    /// Jobs that are open are held, or being cancelled since they were.
    private func giveOpenJobs(of alias: TenantID, to tenantID: TenantID, in context: WriteContext) throws {
        var (jobs, users) = (0, 0)
        try context.sql(Self.giveOpenJobs).forEach(.tenant(alias), .tenant(tenantID)) { row in
            jobs += 1
            users += row.int(0)
        }
        context.backlog(alias, openJobs: -jobs, pendingUsers: -users)
        context.backlog(tenantID, openJobs: jobs, pendingUsers: users)
    }

    /// Held jobs go on.
    private func letGo(_ tenants: [TenantID], in context: WriteContext) throws {
        hold(tenants, false, in: context)
        for tenantID in tenants {
            try context.sql(Self.letGo).run(.tenant(tenantID))
            let hasWork = try HeadJob.exists(tenantID, context.db)
            context.afterCommit { [self] in if hasWork { tenantQueue { $0.setWork(tenantID, true) } } }
        }
        // One without users is ended by the sweep.
        context.afterCommit { [self] in notify { $0.jobWaiting() } }
    }

    /// Jobs that no merge holds go on. Their tenants are looked for beside the writer, and looked at again in its transaction.
    func reconcileHeldJobs(limit: Int) async throws -> [QueueRepair] {
        let tenants = try await read { db in
            var found: [TenantID] = []
            while found.count < limit,
                let next = try db.sql(Self.nextHeld).first(
                    .text(found.last?.text ?? ""), map: { TenantID($0.text(0)) })
            { found.append(next) }
            return found
        }
        var repairs: [QueueRepair] = []
        for tenantID in tenants where !isMerging(tenantID) {
            let isForgotten = try await writer.write { [self] context in
                let isForgotten =
                    try !isMerging(tenantID) && context.sql(MergeRow.countHeld).first(.tenant(tenantID)) { $0.int(0) } ?? 0 > 0
                if isForgotten { try letGo([tenantID], in: context) }
                return isForgotten
            }
            if isForgotten { repairs.append(QueueRepair(kind: .forgottenHold, tenantID: tenantID)) }
        }
        return repairs
    }

    private func giveDeliveries(
        of merge: TenantMerge, limit: Int, now: Timestamp, in context: WriteContext
    ) throws -> Int {
        let (alias, tenantID) = (merge.alias, merge.tenantID)
        let found = try context.sql(Self.selectDeliveries).all(.tenant(alias), .int(merge.id), .int(limit)) { row in
            (seq: row.int64(0), state: DeliveryState(code: row.int(1)))
        }
        for (seq, state) in found {
            if state == .pending { try standInLine(seq, of: tenantID, in: context) }
            try context.sql(Self.giveDelivery).run(.int(seq), .tenant(alias), .tenant(tenantID))
        }
        if !found.isEmpty { try dueIsNext(of: tenantID, at: now, in: context) }
        return found.count
    }

    /// Open, and not only held: of the tenant that becomes an alias, none is in phase `working`.
    private static let giveOpenJobs = """
        UPDATE jobs SET sent_tenant_id = coalesce(sent_tenant_id, ?1), tenant_id = ?2
        WHERE seq IN (
            SELECT seq FROM jobs INDEXED BY jobs_held WHERE tenant_id = ?1 AND phase = 5 UNION ALL
            SELECT seq FROM jobs INDEXED BY jobs_ending WHERE tenant_id = ?1 AND phase IN (1, 2))
        RETURNING total_users - created - updated - unchanged - stale - removed - failed - cancelled
        """
    /// A job without batches waits for its end alone.
    private static let letGo = """
        UPDATE jobs SET phase = CASE WHEN batches = 0 THEN 2 ELSE 0 END
        WHERE seq IN (SELECT seq FROM jobs INDEXED BY jobs_held WHERE tenant_id = ?1 AND phase = 5)
        """
    /// The next tenant of which jobs are held.
    static let nextHeld = """
        SELECT tenant_id FROM jobs INDEXED BY jobs_held WHERE phase = 5 AND tenant_id > ?1 ORDER BY tenant_id LIMIT 1
        """
    /// Ended ones: open jobs of the tenant were given with the alias, and lanes and figures know nothing of this.
    static let giveJobs = """
        UPDATE jobs SET sent_tenant_id = coalesce(sent_tenant_id, ?1), tenant_id = ?2
        WHERE seq IN (SELECT seq FROM jobs INDEXED BY jobs_tenant
            WHERE tenant_id = ?1 AND seq <= (SELECT last_job FROM tenant_merges WHERE seq = ?3)
                AND state NOT IN (\(JobState.openCodes)) LIMIT ?4)
        """
    static let selectDeliveries = """
        SELECT seq, state FROM deliveries INDEXED BY deliveries_tenant
        WHERE tenant_id = ?1 AND seq <= (SELECT last_delivery FROM tenant_merges WHERE seq = ?2) ORDER BY state, seq LIMIT ?3
        """
    private static let giveDelivery = """
        UPDATE deliveries SET sent_tenant_id = coalesce(sent_tenant_id, ?2), tenant_id = ?3 WHERE seq = ?1
        """
}
