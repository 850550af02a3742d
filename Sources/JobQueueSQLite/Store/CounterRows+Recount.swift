import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// The figures as the tables say them: only something else than a queue can have made the rows of figures differ.
extension CounterRows {
    /// Reads the figures at start. If they cannot be true, all of them are counted, which takes a while with many jobs, and written.
    /// - Parameters:
    ///   - lastNumber: no more jobs than this were ever accepted.
    ///   - warn: receives a sentence for the log.
    static func readSound(_ db: Database, lastNumber: Int64, warn: (String) -> Void) throws -> QueueCounters {
        if try areSound(db, lastNumber: lastNumber) { return try read(db) }
        var counted = QueueCounters()
        do {
            try db.inTransaction(.immediate) {
                try db.sql("INSERT OR IGNORE INTO counters (id) VALUES (1)").run()
                try db.sql("DELETE FROM tenants").run()
                try db.sql(countBacklogs).run()
                counted = try count(db)
                try write(counted, db)
                return .commit
            }
        } catch {
            // On a full disk the queue starts all the same. Each commit writes the totals.
            counted = try count(db)
        }
        warn(
            "The figures that the queue keeps of its jobs could not be true, as if something else had changed them: they were counted anew"
        )
        return counted
    }

    /// Whether they may be true, without counting jobs: there are no more than were accepted, and the tenants' figures add up.
    private static func areSound(_ db: Database, lastNumber: Int64) throws -> Bool {
        guard try db.sql(areWhole).first(map: { $0.int(0) }) == 1 else { return false }
        let totals = try read(db)
        let deliveries = totals.deliveriesPending + totals.deliveriesDelivered + totals.deliveriesDead
        guard totals.all.allSatisfy({ $0 >= 0 }), Int64(totals.jobs) <= lastNumber,
            Int64(deliveries) <= (try db.sql(mostDeliveries).first(map: { $0.int64(0) }) ?? 0)
        else { return false }
        return try db.sql(sumOfBacklogs).first { row in
            row.int(0) == 0 && row.int(1) == totals[.queued] + totals[.running] && row.int(2) == totals.pendingUsers
        } ?? false
    }

    private static func count(_ db: Database) throws -> QueueCounters {
        var totals = QueueCounters()
        for state in JobState.allCases { totals[state] = try db.sql(countJobs).first(.int(state.code)) { $0.int(0) } ?? 0 }
        for state in [DeliveryState.pending, .delivered, .dead] {
            totals[state] = try db.sql(countDeliveries).first(.int(state.code)) { $0.int(0) } ?? 0
        }
        totals.pendingUsers = try db.sql(countPending).first { $0.int(0) } ?? 0
        return totals
    }

    private static let areWhole = """
        SELECT count(*) FROM counters WHERE id = 1 AND \(columns.map { "typeof(\($0)) = 'integer'" }.joined(separator: " AND "))
        """
    private static let mostDeliveries = "SELECT coalesce(max(seq), 0) FROM deliveries"
    private static let sumOfBacklogs = """
        SELECT count(*) FILTER (WHERE typeof(open_jobs) <> 'integer' OR typeof(pending_users) <> 'integer'
            OR open_jobs < 1 OR pending_users < 0 OR max(open_jobs, pending_users) > \(Figure.largest)), total(open_jobs), total(pending_users)
        FROM tenants
        """
    private static let countJobs = "SELECT count(*) FROM jobs INDEXED BY jobs_state WHERE state = ?1"
    private static let countDeliveries = "SELECT count(*) FROM deliveries INDEXED BY deliveries_state WHERE state = ?1"
    /// Of an open job. Whatever its row holds, the figure is none that cannot be added up.
    private static let pending = """
        CAST(max(0, min(\(Figure.largest / 1024),
            total_users - created - updated - unchanged - stale - removed - failed - cancelled)) AS INTEGER)
        """
    static let openStates = "\(JobState.queued.code), \(JobState.running.code)"
    private static let countBacklogs = """
        INSERT INTO tenants (tenant_id, open_jobs, pending_users)
        SELECT tenant_id, count(*), sum(\(pending)) FROM jobs INDEXED BY jobs_state WHERE state IN (\(openStates)) GROUP BY tenant_id
        """
    private static let countPending = """
        SELECT coalesce(sum(\(pending)), 0) FROM jobs INDEXED BY jobs_state WHERE state IN (\(openStates))
        """
}

extension QueueCounters {
    /// Jobs in any state.
    fileprivate var jobs: Int { JobState.allCases.reduce(0) { $0 + self[$1] } }
    fileprivate var all: [Int] {
        JobState.allCases.map { self[$0] } + [pendingUsers, deliveriesPending, deliveriesDelivered, deliveriesDead]
    }
}
