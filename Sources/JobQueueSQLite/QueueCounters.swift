import JobQueue
import SyncModel

/// The figures kept for the whole queue; also, with signs, what one transaction changes in them.
struct QueueCounters: Sendable, Hashable {
    /// By `JobState.code`.
    private var jobs: [Int] = []
    var pendingUsers = 0
    var deliveriesPending = 0
    var deliveriesDelivered = 0
    var deliveriesDead = 0

    init() { jobs = Array(repeating: 0, count: JobState.allCases.count) }

    subscript(state: JobState) -> Int {
        get { jobs[state.code] }
        set { jobs[state.code] = newValue }
    }

    subscript(state: DeliveryState) -> Int {
        get {
            switch state {
            case .pending: deliveriesPending
            case .delivered: deliveriesDelivered
            case .dead: deliveriesDead
            }
        }
        set {
            switch state {
            case .pending: deliveriesPending = newValue
            case .delivered: deliveriesDelivered = newValue
            case .dead: deliveriesDead = newValue
            }
        }
    }

    /// A job was started.
    mutating func start() {
        self[.queued] -= 1
        self[.running] += 1
    }

    /// The figures after what one commit has changed. However wrong a job's row was, no negative number of users makes room for others.
    func after(_ changes: QueueCounters) -> QueueCounters {
        var sum = self
        sum += changes
        sum.pendingUsers = max(0, sum.pendingUsers)
        return sum
    }

    static func += (a: inout QueueCounters, b: QueueCounters) {
        for i in a.jobs.indices { a.jobs[i] += b.jobs[i] }
        a.pendingUsers += b.pendingUsers
        a.deliveriesPending += b.deliveriesPending
        a.deliveriesDelivered += b.deliveriesDelivered
        a.deliveriesDead += b.deliveriesDead
    }
}

/// What one transaction changes in a tenant's backlog.
struct BacklogChange: Hashable {
    var openJobs = 0
    var pendingUsers = 0
}
