import Foundation
import JobQueue
import Logging
import ServerTestSupport
import SyncModel
import Telemetry
import TestSupport
import Testing

@testable import SyncEngine

@Suite("Metrics over HTTP")
struct MetricsTests {
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

    @Test("all of it is Prometheus text, and what stands in the queue is told as it is")
    func gauges() async throws {
        try await TestServer.run { server in
            server.receiver.answer(with: 410)
            _ = try await server.submitted([Bodies.user("u1", "a@x.io")])
            #expect(try await eventually { try await server.status().webhooks.dead.int == 1 })
            let metrics = try await read(server)
            for (sample, value): (String, Double) in [
                (#"usersync_jobs{state="completed"}"#, 1), (#"usersync_jobs{state="queued"}"#, 0), ("usersync_pending_users", 0),
                ("usersync_oldest_pending_job_age_seconds", 0), (#"usersync_webhook_deliveries{state="dead"}"#, 1),
                (#"usersync_webhook_deliveries{state="pending"}"#, 0), ("usersync_directory_up", 1), ("usersync_draining", 0),
            ] {
                #expect(metrics[sample] == value, "\(sample)")
            }
            for sample in ["usersync_queue_bytes", "usersync_queue_wal_bytes", "usersync_queue_free_disk_bytes"] {
                #expect(metrics[sample].map { $0 > 0 } == true, "\(sample)")
            }
            try await server.whileLocked {
                _ = try await server.submitted(Bodies.users(120))
                #expect(try await server.isDirectoryAway())
                server.clock.advance(100)
                let metrics = try await read(server)
                #expect(metrics["usersync_pending_users"] == 120 && metrics["usersync_directory_up"] == 0)
                #expect(metrics["usersync_oldest_pending_job_age_seconds"].map { $0 >= 100 } == true)
            }
        }
    }

    @Test("what is put right in the queue's memory is counted by its kind")
    func repairs() async throws {
        try await TestServer.run { server in
            let metrics = EngineMetrics()
            for kind in QueueRepair.Kind.allCases {
                let sample = "usersync_queue_repairs_total{what=\"\(kind.rawValue)\"}"
                let before = try await read(server)[sample] ?? 0
                metrics.repaired(kind)
                #expect(try await read(server)[sample] == before + 1)
            }
        }
    }

    @Test("names that were learnt, and those that contradicted each other, are counted")
    func names() async throws {
        try await TestServer.run { server in
            func count(_ result: String) async throws -> Double {
                let value = try await read(server)["usersync_tenant_names_total{result=\"\(result)\"}"]
                return try #require(value)
            }
            // Suites in this process count in one place.
            let before = (try await count("learnt"), try await count("contradicted"))
            let uuid = "3f2b6c1e-0d4a-4b8f-9a51-7c2e9d3f1a01"
            let other = "3f2b6c1e-0d4a-4b8f-9a51-7c2e9d3f1a02"
            for tenant in [uuid, other] {
                let body = Bodies.sync([], tenant: tenant).replacing(#""name":"#, with: #""kindeOrgId":"org_metrics1","name":"#)
                _ = try await server.post(
                    "/api/internal/sync/users", body, headers: ["X-Tenant-ID": tenant, "X-Sync-Source": "test"])
            }
            #expect(try await eventually { try await count("learnt") >= before.0 + 1 })
            #expect(try await eventually { try await count("contradicted") >= before.1 + 1 })
        }
    }

    @Test("moves that cannot be are counted by what was to move")
    func impossible() async throws {
        try await TestServer.run { server in
            let alarm = TransitionAlarm(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            for subject in ImpossibleTransition.Subject.allCases {
                let sample = "usersync_impossible_transitions_total{subject=\"\(subject.rawValue)\"}"
                let before = try await read(server)[sample] ?? 0
                alarm.report(ImpossibleTransition(subject, "1", in: "over", met: "end"))
                #expect(try await read(server)[sample] == before + 1)
            }
        }
    }

    private func read(_ server: TestServer) async throws -> PrometheusReader {
        let answer = try await server.get("/metrics")
        #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        return try PrometheusReader(Array(answer.body))
    }
}
