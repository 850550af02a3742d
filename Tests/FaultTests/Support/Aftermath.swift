import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

/// Compares what a server made of a load with the model, once it is idle.
struct Aftermath {
    let receiver: HookReceiver
    let folder: URL
    /// Seconds that a job may take to end and to have its webhook delivered.
    var patience: Double = 120
    private let port: Int

    init(server: ServerProcess, receiver: HookReceiver, folder: URL, patience: Double = 120) {
        (self.receiver, self.folder, self.patience, port) = (receiver, folder, patience, server.port)
    }

    init(server: TestServer) { (receiver, folder, port) = (server.receiver, server.folder, server.port) }

    private func get(_ path: String) async throws -> TestServer.Answer { try await ServerProcess.send("GET", port: port, path) }

    /// Adds what is found to `report`.
    func add(_ outcomes: [MixedLoad.Outcome], to report: inout FaultReport) async throws {
        let logs = try await waitUntilIdle(outcomes)
        let webhooks = Dictionary(grouping: receiver.received.map { ($0, $0.json.data) }, by: { $0.1.jobId.string ?? "" })
        for outcome in outcomes {
            for job in outcome.jobs {
                report.acknowledged += 1
                let told = (webhooks[job.jobID] ?? []).map { Told(id: $0.0.headers["webhook-id"], status: $0.1.status) }
                try await add(job, of: outcome, logs: logs[job.jobID] ?? 0, told, to: &report)
            }
            let rows = try differences(outcome.model)
            if rows > 0 { Issue.record("\(rows) rows of \(outcome.model.tenant) differ from the model") }
            report.rowsWrong += rows
        }
        report.twice += outcomes.reduce(0) { $0 + $1.jobs.count } - Set(outcomes.flatMap { $0.jobs.map(\.jobID) }).count
        report.rowsWrong += try strangers(outcomes.map(\.model.tenant))
    }

    /// What a webhook said of its job.
    private struct Told {
        var id: String?
        var status: JSONValue
    }

    private func add(
        _ job: MixedLoad.Acknowledged, of outcome: MixedLoad.Outcome, logs: Int, _ webhooks: [Told],
        to report: inout FaultReport
    ) async throws {
        let shown = try await get("/api/internal/sync/jobs/\(job.jobID)").json
        guard shown.endedAt.string != nil else {
            Issue.record("job \(job.jobID) has not ended: \(shown.status)")
            report.lost += 1
            return
        }
        let counts = shown.metadata
        let found = TenantModel.Counts(
            created: counts.created.int ?? -1, updated: counts.updated.int ?? -1, unchanged: counts.unchanged.int ?? -1,
            removed: counts.removed.int ?? -1, failed: counts.failed.int ?? -1)
        if !shown.attempts.array.isEmpty { report.attempts += 1 }
        if found == job.expected, logs == 1 {
            report.applied += 1
        } else {
            Issue.record("job \(job.jobID) of \(outcome.model.tenant): \(found), not \(job.expected); \(logs) log rows")
            // Somebody who was to be created or changed was there, as asked for, already; or is logged again.
            if logs > 1 || found.unchanged > job.expected.unchanged || found.updated > job.expected.updated {
                report.twice += 1
            } else {
                report.lost += 1
            }
        }
        let isTold = !webhooks.isEmpty && webhooks.allSatisfy { $0.status == shown.status }
        let ids = Set(webhooks.map(\.id))
        if !isTold || ids.count != 1 {
            Issue.record("job \(job.jobID): \(webhooks.count) webhooks with \(ids.count) ids")
            report.webhooksMissing += 1
        }
    }

    /// Waits until all jobs have ended and their webhooks are delivered.
    /// - Returns: rows of `sync_logs` by job.
    private func waitUntilIdle(_ outcomes: [MixedLoad.Outcome]) async throws -> [String: Int] {
        let isIdle = try await eventually(patience) {
            let status = try await get("/api/internal/sync/status").json
            return status.pendingUsers.int == 0 && status.jobs.queued.int == 0 && status.jobs.running.int == 0
                && status.webhooks.pending.int == 0
        }
        #expect(isIdle, "the server is not idle after \(patience) s")
        return try read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT job_id, count(*) AS n FROM sync_logs GROUP BY job_id")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["job_id"], $0["n"]) })
        }
    }

    /// Rows of a tenant that are missing, too many, or other than the model's.
    private func differences(_ model: TenantModel) throws -> Int {
        let rows = try read {
            try Row.fetchAll(
                $0, sql: "SELECT wrapper_user_id, name, is_active FROM users WHERE tenant_id = ?", arguments: [model.tenant])
        }
        var found: [String: TenantModel.User] = [:]
        for row in rows { found[row["wrapper_user_id"]] = TenantModel.User(name: row["name"], isActive: row["is_active"]) }
        let wrong = model.users.filter { found["u\($0.key)"] != $0.value }.count
        return wrong + max(0, rows.count - model.users.count)
    }

    /// Rows of tenants who had nothing acknowledged.
    private func strangers(_ tenants: [String]) throws -> Int {
        try read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT tenant_id, count(*) AS n FROM users GROUP BY tenant_id")
            return rows.filter { !tenants.contains($0["tenant_id"]) }.reduce(0) { $0 + $1["n"] }
        }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: folder.appending(path: "data/crm.sqlite").path, configuration: configuration)
        defer { try? database.close() }
        return try database.read(body)
    }
}
