import Foundation
import JobQueue
import SyncEngine
import Synchronization
import SyncModel
import Testing

@Suite("Status, health and metrics")
struct StatusAndHealthTests {
    static let statistics: QueueStatistics = {
        var statistics = QueueStatistics()
        statistics.jobs = [.running: 2, .completed: 40]
        statistics.pendingUsers = 1234
        statistics.oldestPendingAcceptedAt = WatchSamples.accepted
        statistics.tenants = [TenantBacklog(tenantID: "t", openJobs: 2, pendingUsers: 1234, currentJob: WatchSamples.id(1))]
        statistics.retrying = [
            RetryingBatch(
                jobID: WatchSamples.id(1), tenantID: "t", batch: 3, attempts: 2, nextAttemptAt: WatchSamples.now,
                lastError: "database is locked")
        ]
        statistics.deliveriesPending = 5
        statistics.deliveriesDead = 1
        statistics.oldestPendingDeliveryAt = WatchSamples.now.advanced(bySeconds: -2.5)
        statistics.lastDeliveryError = "HTTP 502"
        statistics.bytes = 4096
        statistics.walBytes = 1024
        statistics.freeDiskBytes = 1 << 40
        return statistics
    }()

    private func queue() -> FakeQueue {
        var state = FakeQueue.State()
        state.statistics = StatusAndHealthTests.statistics
        return FakeQueue(state)
    }

    @Test("the status shows every part the contract names")
    func status() async throws {
        try await WatchServer.run(queue: queue()) { server in
            let answer = try await server.get("/api/internal/sync/status")
            #expect(
                answer.text == """
                    {"success":true,"timestamp":"2025-08-19T10:00:10.000Z","jobs":{"queued":0,"running":2,"completed":40,\
                    "completed_with_errors":0,"failed":0,"cancelled":0},"pendingUsers":1234,"oldestPendingAgeSeconds":10,\
                    "tenants":[{"tenantId":"t","openJobs":2,"pendingUsers":1234,"currentJobId":"\(WatchSamples.id(1))"}],\
                    "workers":{"active":1,"idle":3},"usersPerSecond":{"1m":120.5,"5m":80},\
                    "retrying":[{"jobId":"\(WatchSamples.id(1))","tenantId":"t","batch":3,"attempts":2,\
                    "nextAttemptAt":"2025-08-19T10:00:10.000Z","lastError":"database is locked"}],\
                    "directory":{"state":"ok","since":"2025-08-19T10:00:10.000Z","error":null},\
                    "webhooks":{"pending":5,"dead":1,"oldestAgeSeconds":2.5,"lastError":"HTTP 502"},\
                    "queue":{"bytes":4096,"walBytes":1024,"freeDiskBytes":1099511627776},"draining":false}
                    """)
        }
    }

    @Test("an idle server's status has no ages")
    func idle() async throws {
        try await WatchServer.run { server in
            let status = try await server.get("/api/internal/sync/status").object()
            #expect(status["oldestPendingAgeSeconds"] is NSNull)
            #expect(try status.object("webhooks")["oldestAgeSeconds"] is NSNull)
        }
    }

    @Test("the wrapper's checks are answered on both paths", arguments: ["/api/health", "/api/internal/health"])
    func health(path: String) async throws {
        try await WatchServer.run { server in
            let answer = try await server.get(path)
            #expect(answer.status == 200)
            #expect(try answer.object().bool("success") == true)
            #expect(try answer.object().string("status") == "ok")
        }
    }

    @Test("readyz is 503 while starting, draining, or when the queue cannot be written; livez never is")
    func notReady() async throws {
        var starting = WatchServer.Options()
        starting.isStarted = false
        var unwritable = WatchServer.Options()
        unwritable.isQueueWritable = false
        let draining = FakeEngine()
        draining.state.withLock { $0.status.draining = true }
        let cases = [
            (FakeEngine(), starting, "The server is starting"), (draining, WatchServer.Options(), "The server is draining"),
            (FakeEngine(), unwritable, "The queue cannot be written"),
        ]
        for (engine, options, why) in cases {
            try await WatchServer.run(engine: engine, options: options) { server in
                let answer = try await server.get("/readyz")
                #expect(answer.status == 503)
                #expect(answer.headers["retry-after"] != nil)
                #expect(try answer.object().string("details") == why)
                #expect(try await server.get("/livez").status == 200)
            }
        }
    }

    @Test("readyz stays 200 while the directory is away, and says so")
    func directoryAway() async throws {
        let engine = FakeEngine()
        engine.state.withLock {
            $0.status.directory = DirectoryHealth(state: .unavailable, since: WatchSamples.accepted, error: "database is locked")
        }
        try await WatchServer.run(engine: engine) { server in
            let answer = try await server.get("/readyz")
            #expect(answer.status == 200)
            let directory = try answer.object().object("directory")
            #expect(directory.string("state") == "unavailable")
            #expect(directory.string("since") == "2025-08-19T10:00:00.000Z")
            #expect(directory.string("error") == "database is locked")
        }
    }

    @Test("metrics are Prometheus text: each family once, with help and type before its samples")
    func metrics() async throws {
        try await WatchServer.run(queue: queue()) { server in
            let answer = try await server.get("/metrics")
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text.hasSuffix("\n"))
            let samples = answer.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            for sample in [
                "usersync_jobs{state=\"running\"} 2", "usersync_jobs{state=\"queued\"} 0", "usersync_pending_users 1234",
                "usersync_oldest_pending_job_age_seconds 10.0", "usersync_webhook_deliveries{state=\"dead\"} 1",
                "usersync_queue_bytes 4096", "usersync_directory_up 1", "usersync_draining 0",
            ] {
                #expect(samples.contains(Substring(sample)), "\(sample)")
            }
            var family = ""
            var seen: Set<String> = []
            for line in answer.text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words[0] == "#" {
                    if words[1] == "HELP" { #expect(seen.insert(String(words[2])).inserted, "\(words[2]) twice") }
                    family = String(words[2])
                } else {
                    #expect(line.prefix { $0 != "{" && $0 != " " } == family)
                    #expect(Double(words[words.count - 1]) != nil)
                }
            }
        }
    }

    @Test("HEAD is answered wherever GET is")
    func head() async throws {
        try await WatchServer.run { server in
            let answer = try await server.send("HEAD", "/livez")
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
        }
    }
}
