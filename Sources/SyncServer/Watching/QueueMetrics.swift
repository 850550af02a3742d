package import JobQueue
package import SyncEngine
package import SyncModel

/// The queue's and the engine's figures as Prometheus text, beside the counters of the process.
package enum QueueMetrics {
    package static func render(queue: QueueStatistics, engine: EngineStatus, now: Timestamp) -> [UInt8] {
        var text = ""
        func family(_ name: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            text += "# HELP usersync_\(name) \(help)\n# TYPE usersync_\(name) gauge\n"
            for sample in samples { text += "usersync_\(name)\(sample.labels) \(sample.value)\n" }
        }
        func gauge(_ name: String, _ help: String, _ value: String) { family(name, help, [("", value)]) }
        func seconds(since moment: Timestamp?) -> String { String(max(0, moment.map { now.seconds(since: $0) } ?? 0)) }

        family(
            "jobs", "Jobs the queue holds, by state.",
            JobState.allCases.map { ("{state=\"\($0.rawValue)\"}", String(queue.jobs[$0, default: 0])) })
        gauge("pending_users", "Users of open jobs that are not settled.", String(queue.pendingUsers))
        gauge(
            "oldest_pending_job_age_seconds", "Age of the oldest open job, 0 without one.",
            seconds(since: queue.oldestPendingAcceptedAt))
        family(
            "webhook_deliveries", "Webhooks not delivered, by state.",
            [
                ("{state=\"pending\"}", String(queue.deliveriesPending)),
                ("{state=\"dead\"}", String(queue.deliveriesDead)),
            ])
        gauge(
            "oldest_pending_webhook_age_seconds", "Age of the oldest pending webhook, 0 without one.",
            seconds(since: queue.oldestPendingDeliveryAt))
        gauge("queue_bytes", "Size of the queue's file.", String(queue.bytes))
        gauge("queue_wal_bytes", "Size of the queue's write-ahead log.", String(queue.walBytes))
        gauge("queue_free_disk_bytes", "Free space on the queue's disk.", String(queue.freeDiskBytes))
        family(
            "workers", "Workers, by what they do.",
            [
                ("{state=\"active\"}", String(engine.workersActive)),
                ("{state=\"idle\"}", String(engine.workersIdle)),
            ])
        gauge("directory_up", "1 while the CRM's database can be written.", engine.directory.state == .ok ? "1" : "0")
        gauge("draining", "1 while the server stops.", engine.draining ? "1" : "0")
        return Array(text.utf8)
    }
}
