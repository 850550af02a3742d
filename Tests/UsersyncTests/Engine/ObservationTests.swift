import Foundation
import Testing

@Suite("Watching over HTTP: status, health, metrics")
struct ObservationTests {
    @Test("the status has every part, and its figures agree with what was done")
    func status() async throws {
        try await TestServer.run { server in
            try await server.whileLocked {
                _ = try await server.submitted(Bodies.users(120))
                _ = try await server.submitted([Bodies.user("x", "x@x.io")], tenant: "t2")
                let status = try await server.status()
                #expect(
                    status.keys.isSuperset(of: [
                        "jobs", "pendingUsers", "oldestPendingAgeSeconds", "tenants", "workers", "usersPerSecond", "retrying",
                        "directory", "webhooks", "queue", "draining",
                    ]))
                #expect(
                    status.jobs.keys == ["queued", "running", "completed", "completed_with_errors", "failed", "cancelled"])
                #expect((status.jobs.queued.int ?? 0) + (status.jobs.running.int ?? 0) == 2)
                #expect(status.pendingUsers.int == 121 && status.oldestPendingAgeSeconds.double != nil)
                #expect(status.tenants.array.map(\.tenantId.string) == ["t1", "t2"])
                #expect(status.tenants[0].pendingUsers.int == 120 && status.tenants[0].openJobs.int == 1)
                #expect(status.workers.active.int != nil && status.workers.idle.int != nil)
                #expect(status.usersPerSecond.keys == ["1m", "5m"] && status.retrying == .array([]))
                #expect(status.directory.keys == ["state", "since", "error"])
                #expect(status.webhooks.keys == ["pending", "dead", "oldestAgeSeconds", "lastError"])
                #expect(status.queue.keys == ["bytes", "walBytes", "freeDiskBytes"] && (status.queue.bytes.int ?? 0) > 0)
                #expect(status.draining.bool == false)
            }
            let isIdle = try await eventually {
                let status = try await server.status()
                return status.jobs.completed.int == 2 && status.webhooks.pending.int == 0
            }
            #expect(isIdle)
            let after = try await server.status()
            #expect(after.pendingUsers.int == 0 && after.oldestPendingAgeSeconds == .null && after.tenants == .array([]))
            #expect(after.directory.state.string == "ok")
        }
    }

    @Test("health wants a key, livez and readyz want none; the operator's key reads everything")
    func health() async throws {
        try await TestServer.run { server in
            for path in ["/api/health", "/api/internal/health"] {
                let answer = try await server.get(path)
                #expect(answer.status == 200 && answer.json.success.bool == true && answer.json.status.string == "ok")
                #expect(try await server.get(path, headers: ["X-Internal-API-Key": ""]).status == 401)
            }
            for path in ["/livez", "/readyz", "/openapi.json"] {
                #expect(try await server.get(path, headers: ["X-Internal-API-Key": ""]).status == 200)
            }
            for path in [
                "/api/internal/sync/status", "/api/internal/sync/jobs", "/api/internal/sync/deliveries", "/metrics",
                "/api/health",
            ] {
                #expect(try await server.get(path, headers: ["X-Internal-API-Key": TestServer.opsKey]).status == 200)
            }
        }
    }

    @Test("the metrics have the names that dashboards are built on")
    func metrics() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "a@x.io")])
            _ = await server.receiver.wait(for: 1)
            let hasAll = try await eventually {
                let text = String(decoding: try await server.get("/metrics").body, as: UTF8.self)
                return [
                    #"usersync_jobs{state="completed"} 1"#, "usersync_oldest_pending_job_age_seconds 0",
                    #"usersync_users_processed_total{outcome="created"}"#, "usersync_job_wait_seconds_bucket",
                    "usersync_job_duration_seconds_count", #"usersync_webhook_attempts_total{result="delivered"}"#,
                    "usersync_http_request_duration_seconds",
                ].allSatisfy(text.contains)
            }
            #expect(hasAll)
        }
    }
}
