import SQLiteSupport
import JobQueue
import JobQueueConformance
import Testing

@testable import JobQueueSQLite

/// Asked of an empty file: without statistics SQLite chooses by what the indexes offer, as it will with a million rows.
@Suite("Query plans of the SQLite driver")
struct QueryPlanTests {
    static let plans: [(sql: String, wanted: [String])] = [
        (AliasRow.selectTenant, ["SEARCH tenant_aliases USING INDEX tenant_aliases_alias (alias=?)"]),
        (AliasRow.selectAliases, ["SEARCH tenant_aliases USING COVERING INDEX tenant_aliases_tenant (tenant_id=?)"]),
        (AliasRow.anyJob, ["SEARCH jobs USING COVERING INDEX jobs_tenant (tenant_id=?)"]),
        (AliasRow.anyOpenJob, ["SEARCH jobs USING COVERING INDEX jobs_tenant (tenant_id=? AND state=?)"]),
        (TenantEnd.isAny, ["SEARCH tenant_ends USING PRIMARY KEY (tenant_id=?)"]),
        (SQLiteJobQueue.nextHeld, ["SEARCH jobs USING COVERING INDEX jobs_held (tenant_id>?)"]),
        (MergeRow.page, ["SEARCH tenant_merges USING INTEGER PRIMARY KEY (rowid<?)"]),
        (MergeRow.open, ["SCAN tenant_merges USING INDEX tenant_merges_open"]),
        (MergeRow.countWorking, ["SEARCH jobs USING COVERING INDEX jobs_lane (tenant_id=?)"]),
        (MergeRow.countEnding, ["SEARCH jobs USING COVERING INDEX jobs_ending (tenant_id=?)"]),
        (MergeRow.countHeld, ["SEARCH jobs USING COVERING INDEX jobs_held (tenant_id=?)"]),
        (
            SQLiteJobQueue.selectDeliveries,
            [
                "SEARCH deliveries USING COVERING INDEX deliveries_tenant (tenant_id=?)", "SCALAR SUBQUERY 1",
                "SEARCH tenant_merges USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        ),
        (HeadJob.select, ["SEARCH jobs USING INDEX jobs_lane (tenant_id=? AND seq>?)"]),
        (HeadJob.exists, ["SEARCH jobs USING COVERING INDEX jobs_lane (tenant_id=?)"]),
        (
            OpenBatch.select,
            [
                "SEARCH b USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
                "SEARCH p USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
            ]
        ),
        (DeferredRow.select, ["SEARCH deferred USING PRIMARY KEY (batch_key=?)"]),
        (JobRow.byID, ["SEARCH jobs USING INDEX jobs_id (id=?)"]),
        (JobRow.bySeq, ["SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"]),
        (JobList.byState, ["SEARCH jobs USING INDEX jobs_state (state=? AND accepted_at>? AND accepted_at<?)"]),
        (JobList.byTenant, ["SEARCH jobs USING INDEX jobs_tenant (tenant_id=? AND state=? AND accepted_at>? AND accepted_at<?)"]),
        (
            JobList.byTenantAndSource,
            ["SEARCH jobs USING INDEX jobs_tenant (tenant_id=? AND state=? AND accepted_at>? AND accepted_at<?)"]
        ),
        (JobList.bySource, ["SEARCH jobs USING INDEX jobs_source (source=? AND state=? AND accepted_at>? AND accepted_at<?)"]),
        (JobList.oldestQueued, ["SEARCH jobs USING COVERING INDEX jobs_state (state=?)"]),
        (JobList.backlogs, ["SCAN tenants USING INDEX tenants_backlog"]),
        (SQLiteJobQueue.isAnyEndable, ["SEARCH jobs USING COVERING INDEX jobs_endable (phase=?)"]),
        (SQLiteJobQueue.selectNextEnding, ["SEARCH jobs USING COVERING INDEX jobs_ending (tenant_id>?)"]),
        (SQLiteJobQueue.selectEndableAfter, ["SEARCH jobs USING INDEX jobs_ending (tenant_id=? AND seq>?)"]),
        (SQLiteJobQueue.selectLedgered, ["SEARCH jobs USING INDEX jobs_ledger (phase=?)"]),
        (SQLiteJobQueue.selectCancelling, ["SEARCH jobs USING INDEX jobs_cancelling (phase=?)"]),
        (SQLiteJobQueue.selectEarlierEnding, ["SEARCH jobs USING COVERING INDEX jobs_ending (tenant_id=? AND seq<?)"]),
        (SQLiteJobQueue.selectEarlierWorking, ["SEARCH jobs USING COVERING INDEX jobs_lane (tenant_id=? AND seq<?)"]),
        (SQLiteJobQueue.selectLaterEnding, ["SEARCH jobs USING COVERING INDEX jobs_ending (tenant_id=? AND seq>?)"]),
        (TenantFacts.tenants, ["SEARCH tenants USING PRIMARY KEY (tenant_id>?)"]),
        (TenantFacts.isOpen, ["SEARCH batches USING INTEGER PRIMARY KEY (rowid=?)"]),
        (TenantFacts.cancelling, ["SEARCH jobs USING INDEX jobs_cancelling (phase=?)"]),
        (SQLiteJobQueue.selectOpenRetry, ["SEARCH jobs USING INDEX jobs_retry_of (retry_of=?)"]),
        (
            SQLiteJobQueue.selectPrunable,
            [
                "SEARCH jobs USING INDEX jobs_ended (ended_at<?)", "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH d USING INDEX deliveries_job (job_id=?)",
            ]
        ),
        (SQLiteJobQueue.selectLoose, ["SEARCH deliveries USING INDEX deliveries_loose (created_at<?)"]),
        (DeliveryRow.due, ["SEARCH deliveries USING COVERING INDEX deliveries_due (destination=? AND due_at<?)"]),
        (DeliveryRow.nextDestination, ["SEARCH deliveries USING COVERING INDEX deliveries_due (destination>?)"]),
        (SQLiteJobQueue.selectFirst, ["SEARCH deliveries USING COVERING INDEX deliveries_tenant (tenant_id=? AND state=?)"]),
        (SQLiteJobQueue.selectPending, ["SEARCH deliveries USING INDEX deliveries_state (state=? AND rowid>?)"]),
        (SQLiteJobQueue.selectWaiting, ["SEARCH deliveries USING COVERING INDEX deliveries_due_time (due_at=? AND state=?)"]),
        (DeliveryRow.bySeq, ["SEARCH d USING INTEGER PRIMARY KEY (rowid=?)"]),
        (
            DeliveryRow.bodyByID,
            ["SEARCH d USING COVERING INDEX deliveries_id (id=?)", "SEARCH b USING INTEGER PRIMARY KEY (rowid=?)"]
        ),
        (SQLiteJobQueue.allDead, ["SEARCH deliveries USING INDEX deliveries_state (state=? AND rowid>? AND rowid<?)"]),
        (
            SQLiteJobQueue.deadOfTenant,
            ["SEARCH deliveries USING INDEX deliveries_tenant (tenant_id=? AND state=? AND rowid>? AND rowid<?)"]
        ),
        (SQLiteJobQueue.deadOfJob, ["SEARCH deliveries USING INDEX deliveries_job (job_id=? AND rowid>? AND rowid<?)"]),
        (DeliveryRow.nextDueOf, ["SEARCH deliveries USING COVERING INDEX deliveries_due (destination=? AND due_at>?)"]),
        (DeliveryRow.nextDue, ["SEARCH deliveries USING COVERING INDEX deliveries_due_time (due_at>?)"]),
        (
            SQLiteJobQueue.makeDueNow,
            [
                "SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1",
                "SEARCH deliveries USING COVERING INDEX deliveries_due_time (due_at>?)",
            ]
        ),
        (DeliveryRow.dueByID, ["SEARCH deliveries USING INDEX deliveries_id (id=?)"]),
        (
            SQLiteJobQueue.selectUndue,
            ["SEARCH deliveries USING COVERING INDEX deliveries_due_time (due_at=? AND state=? AND rowid>?)"]
        ),
        (
            SQLiteJobQueue.selectLeftBehind,
            [
                "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)", "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH e USING COVERING INDEX deliveries_tenant (tenant_id=? AND state=? AND rowid<?)",
            ]
        ),
        (SQLiteJobQueue.selectHold, ["SEARCH destinations USING INDEX sqlite_autoindex_destinations_1 (destination=?)"]),
        (SQLiteJobQueue.selectDestinations, ["SCAN destinations USING INDEX destinations_age"]),
        (SQLiteJobQueue.selectHeld, ["SEARCH destinations USING COVERING INDEX destinations_held (held_until>?)"]),
        (SQLiteJobQueue.deleteDestinations, ["SEARCH destinations USING INDEX destinations_age (learnt_at<?)"]),
        (SQLiteJobQueue.selectExpired, ["SEARCH deliveries USING INDEX deliveries_expiry (expires_at<?)"]),
        (SQLiteJobQueue.selectNextEnd, ["SEARCH deliveries USING INDEX deliveries_expiry (expires_at>?)"]),
        (DeliveryRow.oldestPending, ["SEARCH deliveries USING INDEX deliveries_pending"]),
        (DeliveryRow.lastError, ["SCAN deliveries USING INDEX deliveries_failing"]),
        (DeliveryRow.byState, ["SEARCH d USING INDEX deliveries_state (state=? AND rowid<?)"]),
        (DeliveryRow.byTenant, ["SEARCH d USING INDEX deliveries_tenant (tenant_id=? AND state=? AND rowid<?)"]),
        (DeliveryRow.ofJob, ["SEARCH d USING INDEX deliveries_job (job_id=?)"]),
        (ResultsWindow.count, ["SEARCH b USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]),
        (
            TenantQueueLoader.tenants,
            ["SCAN jobs USING COVERING INDEX jobs_lane", "USE TEMP B-TREE FOR ORDER BY"]
        ),
        (TenantQueueLoader.newestAcceptance, ["SEARCH jobs USING COVERING INDEX jobs_state (state=?)"]),
        (TenantQueueLoader.backoffs, ["SEARCH jobs USING INDEX jobs_backoff (retry_at>?)"]),
    ]

    @Test("each hot statement goes by its index, without sorting")
    func plans() async throws {
        try await QueueDriver.sqlite.withQueue { _, queue in
            let queue = try #require(queue as? SQLiteJobQueue)
            try await queue.read { db in
                for (sql, wanted) in Self.plans {
                    let plan = try db.sql("EXPLAIN QUERY PLAN " + sql).all { $0.text(3) }
                    #expect(plan == wanted, "\(sql)")
                }
            }
        }
    }
}
