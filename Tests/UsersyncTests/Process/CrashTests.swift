import Foundation
import GRDB
import Testing

@Suite("The server as a process: killed, stopped, started again")
struct CrashTests {
    private static let tenants = ["t1", "t2", "t3"]

    /// Every acknowledged job has ended with exactly the counts it must have, its webhook came, and the users are those of the model.
    private func check(
        _ outcomes: [MixedLoad.Outcome], _ server: ServerProcess, _ receiver: HookReceiver, folder: URL,
        burnsNoAttempts: Bool = false
    ) async throws {
        for outcome in outcomes {
            for job in outcome.jobs {
                var shown = JSONValue.missing
                let hasEnded = try await eventually(90) {
                    shown = try await server.get("/api/internal/sync/jobs/\(job.jobID)").json
                    return shown.endedAt.string != nil && shown.webhook.state.string == "delivered"
                }
                try #require(hasEnded, "job \(job.jobID): \(shown.status), webhook \(shown.webhook)")
                let counts = shown.metadata
                let found = TenantModel.Counts(
                    created: counts.created.int ?? -1, updated: counts.updated.int ?? -1, unchanged: counts.unchanged.int ?? -1,
                    removed: counts.removed.int ?? -1, failed: counts.failed.int ?? -1)
                #expect(found == job.expected, "job \(job.jobID) of \(outcome.model.tenant)")
                if burnsNoAttempts { #expect(shown.attempts.array.isEmpty) }
                let webhooks = receiver.of(job: job.jobID)
                #expect(!webhooks.isEmpty && Set(webhooks.map { $0.headers["webhook-id"] }).count == 1)
                #expect(webhooks.allSatisfy { $0.json.data.status == shown.status })
            }
        }
        let jobs = outcomes.reduce(0) { $0 + $1.jobs.count }
        #expect(Set(outcomes.flatMap { $0.jobs.map(\.jobID) }).count == jobs)
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: folder.appending(path: "data/crm.sqlite").path, configuration: configuration)
        defer { try? database.close() }
        let (rows, logs) = try database.read { db in
            (
                try Row.fetchAll(db, sql: "SELECT tenant_id, wrapper_user_id, name, is_active FROM users"),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM sync_logs")
            )
        }
        #expect(logs == jobs)
        for outcome in outcomes {
            var found: [String: TenantModel.User] = [:]
            for row in rows where row["tenant_id"] == outcome.model.tenant {
                found[row["wrapper_user_id"]] = TenantModel.User(name: row["name"], isActive: row["is_active"])
            }
            let expected = Dictionary(uniqueKeysWithValues: outcome.model.users.map { ("u\($0.key)", $0.value) })
            #expect(found == expected)
        }
        #expect(rows.count == outcomes.reduce(0) { $0 + $1.model.users.count })
    }

    @Test("killed ten times under load, it loses nothing acknowledged, applies nothing twice, and reports every end")
    func killed() async throws {
        let seed = UInt64.random(in: 0...(.max))
        print("seed of the crash test: \(seed)")
        var random = SeededRandom(seed: seed)
        try await TestServer.inFolder { folder, receiver in
            var server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = MixedLoad(port: server.port, tenants: Self.tenants, seed: seed)
            async let running = load.run()
            for _ in 0..<10 {
                let before = load.acknowledged
                _ = await eventually(20) { load.acknowledged > before }
                // A moment of no meaning is the point here.
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400, using: &random)))
                await server.crash()
                server = try await ServerProcess.start(folder: folder, receiver: receiver)
                load.moved(to: server.port)
            }
            load.stop()
            let outcomes = try await running
            print("the crash test had \(load.acknowledged) jobs acknowledged")
            try await check(outcomes, server, receiver, folder: folder)
            #expect(await server.terminate(within: 25) == 0)
        }
    }

    @Test("SIGTERM under load ends it with 0 within its grace; nothing acknowledged is lost, no attempt is counted")
    func terminated() async throws {
        let seed = UInt64.random(in: 0...(.max))
        print("seed of the SIGTERM test: \(seed)")
        try await TestServer.inFolder { folder, receiver in
            var server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = MixedLoad(port: server.port, tenants: Self.tenants, seed: seed)
            async let running = load.run()
            for _ in 0..<3 {
                let before = load.acknowledged
                _ = await eventually(20) { load.acknowledged > before + 5 }
                #expect(await server.terminate(within: 30) == 0, "\(server.log.suffix(2000))")
                server = try await ServerProcess.start(folder: folder, receiver: receiver)
                load.moved(to: server.port)
            }
            load.stop()
            let outcomes = try await running
            try await check(outcomes, server, receiver, folder: folder, burnsNoAttempts: true)
            #expect(await server.terminate(within: 25) == 0)
        }
    }

    @Test("the metrics of a fresh process count what it did")
    func metrics() async throws {
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let answer = try await ServerProcess.send(
                "POST", port: server.port, "/api/internal/sync/users",
                headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "s", "Prefer": "wait=20"],
                body: Bodies.sync([Bodies.user("u1", "a@x.io"), Bodies.user("u2", "b@x.io")]))
            #expect(answer.status == 200)
            let counts = try await eventually {
                let text = String(decoding: try await server.get("/metrics").body, as: UTF8.self)
                return text.contains(#"usersync_users_processed_total{outcome="created"} 2"#)
                    && text.contains("usersync_job_duration_seconds_count 1")
                    && text.contains("usersync_job_wait_seconds_count 1")
                    && text.contains(#"usersync_webhook_attempts_total{result="delivered"} 1"#)
            }
            #expect(counts)
            #expect(await server.terminate(within: 25) == 0)
        }
    }
}
