import JobQueue
import Metrics
import SyncModel
import Telemetry

/// The engine's metrics, made once.
struct EngineMetrics: Sendable {
    private let outcomes: [UserOutcome: Counter]
    private let repairs: [QueueRepair.Kind: Counter]
    private let jobWait = Metric(
        "usersync_job_wait_seconds", "From the acceptance of a job to its first batch.", buckets: MetricBuckets.job
    ).timer()
    private let jobDuration = Metric(
        "usersync_job_duration_seconds", "From the acceptance of a job to its end.", buckets: MetricBuckets.job
    ).timer()
    private let learntNames: Counter
    private let contradictions: Counter
    private let unaskedNames: Counter
    private let unlogged = Metric(
        "usersync_sync_logs_refused_total", "Jobs that ended without their row, as sync_logs refused it."
    ).counter()
    private let leasesLost = Metric(
        "usersync_leases_lost_total", "Leases found lost when something was to be written under them."
    ).counter()

    init() {
        let users = Metric("usersync_users_processed_total", "Users applied, by outcome.")
        outcomes = Dictionary(uniqueKeysWithValues: UserOutcome.allCases.map { ($0, users.counter(("outcome", $0.word))) })
        let names = Metric(
            "usersync_tenant_names_total",
            "Names learnt as aliases of tenants, and jobs whose names contradicted each other or could not be learnt, by result.")
        learntNames = names.counter(("result", "learnt"))
        contradictions = names.counter(("result", "contradicted"))
        unaskedNames = names.counter(("result", "not_learnt"))
        let repairs = Metric(
            "usersync_queue_repairs_total", "Faults in what the queue keeps in memory that were put right; a defect if not 0.")
        self.repairs = Dictionary(
            uniqueKeysWithValues: QueueRepair.Kind.allCases.map { ($0, repairs.counter(("what", $0.rawValue))) })
    }

    /// Counts an error of the queue's state in memory that was corrected.
    func repaired(_ kind: QueueRepair.Kind) { repairs[kind]?.increment() }

    /// Counts what a job's names taught.
    func decided(_ names: NamesDecision) {
        if !names.learnt.isEmpty { learntNames.increment(by: names.learnt.count) }
        if names.contradiction != nil { contradictions.increment() } else if !names.unasked.isEmpty { unaskedNames.increment() }
    }

    /// Counts leases that were found lost when something was written under them.
    func lost(leases: Int) { leasesLost.increment(by: leases) }

    func count(_ batches: [FinishedBatch]) {
        var counts = JobCounts()
        for batch in batches { for user in batch.users { counts[user.outcome] += 1 } }
        for outcome in UserOutcome.allCases where counts[outcome] > 0 { outcomes[outcome]?.increment(by: counts[outcome]) }
    }

    /// Counts a job that ended without its row in `sync_logs`.
    func endedUnlogged() { unlogged.increment() }

    /// Wait: from acceptance to the first batch; duration: from acceptance to the end.
    func ended(_ job: Job) {
        if let started = job.startedAt { jobWait.recordSeconds(max(0, started.seconds(since: job.acceptedAt))) }
        if let ended = job.endedAt { jobDuration.recordSeconds(max(0, ended.seconds(since: job.acceptedAt))) }
    }
}
