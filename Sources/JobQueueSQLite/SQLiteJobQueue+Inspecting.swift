import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel

extension SQLiteJobQueue {
    package func job(_ id: JobID) async throws -> Job? {
        try readNow { db in try JobRow.find(id, db)?.job }
    }

    /// Newest first. One index serves one state (of one tenant, or source); the pages of the requested states and tenants are merged.
    package func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job> {
        var before = (at: Int64.max, seq: Int64.max)
        if let cursor {
            let numbers = try PageCursor.numbers(cursor, .jobs, count: 2)
            before = (numbers[0], numbers[1])
        }
        if let until = filter.until, until.microseconds - 1 < before.at { before = (until.microseconds - 1, .max) }
        let (at, seq) = before
        let rows = try await read { [self] db in
            let tenants: [TenantID?] = try filter.tenantID.map { try self.tenants(listedAs: $0, db) } ?? [nil]
            return try (filter.state.map { [$0] } ?? JobState.allCases).flatMap { state in
                let bounds: [SQLValue] = [
                    .int(state.code), .int(filter.since?.microseconds ?? .min), .int(at), .int(seq), .int(limit + 1),
                ]
                return try tenants.flatMap { try JobList.rows(of: $0, filter, bounds, db) }
            }
        }
        let sorted = rows.sorted { ($0.job.acceptedAt, $0.seq) > ($1.job.acceptedAt, $1.seq) }
        let page = sorted.prefix(limit)
        let next =
            sorted.count > limit ? page.last.map { PageCursor.text(.jobs, $0.job.acceptedAt.microseconds, $0.seq) } : nil
        return Page(items: page.map(\.job), nextCursor: next)
    }

    /// The tenants whose records a name finds: the one that it stands for and, if that is another, its own from before it was set.
    func tenants(listedAs name: TenantID, _ db: Database) throws -> [TenantID] {
        let tenantID = try tenant(named: name, db)
        return tenantID == name ? [name] : [tenantID, name]
    }

    package func statistics(now: Timestamp) async throws -> QueueStatistics {
        let totals = writer.currentTotals
        let (backoffs, working) = tenantQueue { tenants in
            (
                tenants.backoffs.filter { $0.1.until > now }.sorted { ($0.1.until, $0.0) < ($1.1.until, $1.0) }.prefix(20),
                tenants.workingJobs
            )
        }
        var statistics = try await read { db in
            var found = QueueStatistics()
            for sql in [JobList.oldestQueued, JobList.oldestRunning] {
                guard let accepted = try db.sql(sql).first(map: { $0.optionalTime(0) }) ?? nil else { continue }
                found.oldestPendingAcceptedAt = min(accepted, found.oldestPendingAcceptedAt ?? accepted)
            }
            let tenants = try db.sql(JobList.backlogs).all { (TenantID($0.text(0)), $0.int(1), $0.int(2)) }
            for (tenantID, openJobs, pendingUsers) in tenants {
                let head = try HeadJob.find(tenantID, db)
                let started = head?.state == .running ? head?.id : nil
                found.tenants.append(
                    TenantBacklog(
                        tenantID: tenantID, openJobs: openJobs, pendingUsers: pendingUsers,
                        currentJob: working[tenantID] ?? started))
            }
            found.oldestPendingDeliveryAt = try db.sql(DeliveryRow.oldestPending).first { $0.optionalTime(0) } ?? nil
            found.lastDeliveryError = try db.sql(DeliveryRow.lastError).first { $0.text(0) }
            (found.destinationsHeld, found.destinationsHeldUntil) =
                try db.sql(Self.selectHeld).first(.time(now)) { ($0.int(0), $0.optionalTime(1)) } ?? (0, nil)
            found.merges = try MergeRow.allOpen(db)
            return found
        }
        for state in JobState.allCases { statistics.jobs[state] = totals[state] }
        statistics.pendingUsers = totals.pendingUsers
        statistics.deliveriesPending = totals.deliveriesPending
        statistics.deliveriesDead = totals.deliveriesDead
        statistics.retrying = backoffs.map { tenantID, backoff in
            RetryingBatch(
                jobID: backoff.jobID, tenantID: tenantID, batch: backoff.batch, attempts: backoff.attempts,
                nextAttemptAt: backoff.until, lastError: backoff.lastError)
        }
        statistics.bytes = DiskGauge.size(of: path)
        statistics.logBytes = DiskGauge.size(of: path + "-wal")
        statistics.freeDiskBytes = gate.freeBytes
        return statistics
    }
}

/// The statements for lists and for the status.
enum JobList {
    private static let place = """
        accepted_at >= ?2 AND accepted_at <= ?3 AND (accepted_at < ?3 OR seq < ?4)
        """
    private static let order = "ORDER BY accepted_at DESC, seq DESC LIMIT ?5"

    static let byState = "SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_state WHERE state = ?1 AND \(place) \(order)"
    static let byTenant = """
        SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_tenant WHERE state = ?1 AND \(place) AND tenant_id = ?6 \(order)
        """
    static let bySource = """
        SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_source WHERE state = ?1 AND \(place) AND source = ?6 \(order)
        """
    /// A tenant has few sources: those of others are skipped within the index.
    static let byTenantAndSource = """
        SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_tenant
        WHERE state = ?1 AND \(place) AND tenant_id = ?6 AND source = ?7 \(order)
        """
    static let oldestQueued = "SELECT min(accepted_at) FROM jobs INDEXED BY jobs_state WHERE state = 0"
    static let oldestRunning = "SELECT min(accepted_at) FROM jobs INDEXED BY jobs_state WHERE state = 1"
    static let backlogs = """
        SELECT tenant_id, open_jobs, pending_users FROM tenants INDEXED BY tenants_backlog ORDER BY pending_users DESC LIMIT 20
        """

    static func rows(
        of tenantID: TenantID?, _ filter: JobFilter, _ bounds: [SQLValue], _ db: Database
    ) throws -> [JobRow] {
        let (sql, more): (String, [SQLValue]) =
            switch (tenantID, filter.source) {
            case (let tenantID?, let source?): (byTenantAndSource, [.tenant(tenantID), .text(source)])
            case (let tenantID?, nil): (byTenant, [.tenant(tenantID)])
            case (nil, let source?): (bySource, [.text(source)])
            case (nil, nil): (byState, [])
            }
        return try db.sql(sql).all(bounds + more) { JobRow($0) }.compactMap { $0 }
    }
}
