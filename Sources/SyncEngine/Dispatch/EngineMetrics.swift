import JobQueue
import Metrics
import SyncModel

/// The engine's metrics, made once. `MetricDescription` has what each says.
struct EngineMetrics: Sendable {
    private let outcomes: [UserOutcome: Counter]
    private let repairs: [QueueRepair.Kind: Counter]
    private let jobWait = Timer(label: "usersync_job_wait_seconds")
    private let jobDuration = Timer(label: "usersync_job_duration_seconds")
    private let unlogged = Counter(label: "usersync_sync_logs_refused_total")

    init() {
        outcomes = Dictionary(
            uniqueKeysWithValues: UserOutcome.allCases.map {
                ($0, Counter(label: "usersync_users_processed_total", dimensions: [("outcome", $0.word)]))
            })
        repairs = Dictionary(
            uniqueKeysWithValues: QueueRepair.Kind.allCases.map {
                ($0, Counter(label: "usersync_queue_repairs_total", dimensions: [("what", $0.rawValue)]))
            })
    }

    /// Something that the queue had wrong in memory was put right.
    func repaired(_ kind: QueueRepair.Kind) { repairs[kind]?.increment() }

    func count(_ batches: [FinishedBatch]) {
        var counts = JobCounts()
        for batch in batches { for user in batch.users { counts[user.outcome] += 1 } }
        for outcome in UserOutcome.allCases where counts[outcome] > 0 { outcomes[outcome]?.increment(by: counts[outcome]) }
    }

    /// A job ended without its row in `sync_logs`.
    func endedUnlogged() { unlogged.increment() }

    /// Wait: from acceptance to the first batch; duration: from acceptance to the end.
    func ended(_ job: Job) {
        if let started = job.startedAt { jobWait.recordSeconds(max(0, started.seconds(since: job.acceptedAt))) }
        if let ended = job.endedAt { jobDuration.recordSeconds(max(0, ended.seconds(since: job.acceptedAt))) }
    }
}
