extension MetricDescription {
    /// The metrics counted where things happen; those read from the queue are in `QueueMetrics`.
    package static let usersync: [MetricDescription] = [
        MetricDescription("usersync_users_processed_total", "Users applied, by outcome."),
        MetricDescription(
            "usersync_queue_repairs_total", "Faults in what the queue keeps in memory that were put right; a defect if not 0."),
        MetricDescription(
            "usersync_job_wait_seconds", "From the acceptance of a job to its first batch.", buckets: Buckets.job),
        MetricDescription(
            "usersync_job_duration_seconds", "From the acceptance of a job to its end.", buckets: Buckets.job),
        MetricDescription("usersync_sync_logs_refused_total", "Jobs that ended without their row, as sync_logs refused it."),
        MetricDescription("usersync_webhook_attempts_total", "Attempts to deliver a webhook, by what became of them."),
        MetricDescription("usersync_webhook_attempt_seconds", "How long an attempt took.", buckets: Buckets.attempt),
        MetricDescription("usersync_rate_limited_total", "Submissions refused by the rate limit, by tenant."),
        MetricDescription("usersync_connections", "Connections of callers that are open."),
        MetricDescription(
            "usersync_connections_closed_total",
            "Connections the server closed on callers: too many of them, idle, a body too slow, an answer not taken, too much sent."
        ),
        MetricDescription("usersync_http_request_duration_seconds", "From the head of a request to its answer."),
    ]
}
