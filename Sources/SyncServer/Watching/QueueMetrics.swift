package import JobQueue
package import SyncEngine
package import SyncModel
package import Telemetry

/// The queue's and the engine's figures, beside the counters of the process.
package enum QueueMetrics {
    /// Reads them now, for the registry; none while the queue cannot be read.
    package static func gauges(of queue: any JobInspection, _ engine: any EngineControl, now: Timestamp) async -> [MetricGauge] {
        guard let statistics = try? await queue.statistics(now: now) else { return [] }
        return gauges(queue: statistics, engine: await engine.status(), now: now)
    }

    static func gauges(queue: QueueStatistics, engine: EngineStatus, now: Timestamp) -> [MetricGauge] {
        func seconds(since moment: Timestamp?) -> Double { max(0, moment.map { now.seconds(since: $0) } ?? 0) }
        let figures = [
            MetricGauge(
                "usersync_jobs", "Jobs the queue holds, by state.", by: "state",
                JobState.allCases.map { ($0.rawValue, Double(queue.jobs[$0, default: 0])) }),
            MetricGauge(
                "usersync_pending_users", "Users of open jobs that are not settled.", Double(queue.pendingUsers)),
            MetricGauge(
                "usersync_oldest_pending_job_age_seconds", "Age of the oldest open job, 0 without one.",
                seconds(since: queue.oldestPendingAcceptedAt)),
            MetricGauge(
                "usersync_webhook_deliveries", "Webhooks not delivered, by state.", by: "state",
                [("pending", Double(queue.deliveriesPending)), ("dead", Double(queue.deliveriesDead))]),
            MetricGauge(
                "usersync_oldest_pending_webhook_age_seconds", "Age of the oldest pending webhook, 0 without one.",
                seconds(since: queue.oldestPendingDeliveryAt)),
            MetricGauge("usersync_queue_bytes", "Size of the queue's data.", Double(queue.bytes)),
            MetricGauge(
                "usersync_workers", "Workers, by what they do.", by: "state",
                [("active", Double(engine.workersActive)), ("idle", Double(engine.workersIdle))]),
            MetricGauge(
                "usersync_directory_up", "1 while the CRM's database can be written.", engine.directory.state == .ok ? 1 : 0),
            MetricGauge("usersync_draining", "1 while the server stops.", engine.draining ? 1 : 0),
        ]
        // Only those that the store has.
        let optional = [
            queue.logBytes.map {
                MetricGauge("usersync_queue_wal_bytes", "Size of the queue's write-ahead log.", Double($0))
            },
            queue.freeDiskBytes.map {
                MetricGauge("usersync_queue_free_disk_bytes", "Free space on the queue's disk.", Double($0))
            },
        ]
        return figures + optional.compactMap(\.self)
    }
}
