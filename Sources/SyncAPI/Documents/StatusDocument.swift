package import SyncModel

/// The queue and the engine at a glance (Contract.md, "Status and lists"). A part that is `nil` is one that the server, of another
/// version, does not show.
package struct StatusDocument: JSONDocument {
    package var success = true
    package var timestamp: Timestamp?
    package var jobs = JobsByState()
    package var pendingUsers = 0
    /// `nil` if no job is open.
    package var oldestPendingAgeSeconds: Double?
    /// The 20 longest backlogs, longest first.
    package var tenants: [Tenant] = []
    package var workers: Workers?
    package var usersPerSecond: Speed?
    /// Batches in backoff, the next due first.
    package var retrying: [Retrying] = []
    /// Merges of tenants that are under way, the oldest first.
    package var merges: [MergeDocument] = []
    package var directory: DirectoryDocument?
    package var webhooks: Webhooks?
    package var queue: Queue?
    package var draining = false

    package init() {}

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.nullable("timestamp", &timestamp)
        try coder.member("jobs", &jobs)
        try coder.member("pendingUsers", &pendingUsers)
        try coder.nullable("oldestPendingAgeSeconds", &oldestPendingAgeSeconds)
        try coder.member("tenants", &tenants)
        try coder.optional("workers", &workers)
        try coder.optional("usersPerSecond", &usersPerSecond)
        try coder.member("retrying", &retrying)
        try coder.member("merges", &merges)
        try coder.optional("directory", &directory)
        try coder.optional("webhooks", &webhooks)
        try coder.optional("queue", &queue)
        try coder.member("draining", &draining)
    }
}

extension StatusDocument {
    /// How many jobs are in each state.
    package struct JobsByState: JSONValueType, Hashable {
        package var counts: [JobState: Int] = [:]

        package init() {}

        package init(_ counts: [JobState: Int]) { self.counts = counts }

        package func write(to json: inout JSONWriter) {
            json.object { json in
                for state in JobState.allCases {
                    json.member(named: state.rawValue) { counts[state, default: 0].write(to: &$0) }
                }
            }
        }

        /// Words of a later server are ignored.
        package static func read(from decoder: any Decoder) throws -> JobsByState {
            let reader = MemberReader(container: try decoder.container(keyedBy: MemberName.self), unread: decoder.unread)
            var jobs = JobsByState()
            for state in JobState.allCases { jobs.counts[state] = reader.read(MemberName(state.rawValue)) ?? 0 }
            return jobs
        }
    }

    /// A tenant that has work.
    package struct Tenant: JSONDocument {
        package var tenantID = ""
        package var openJobs = 0
        package var pendingUsers = 0
        /// The job it is working on.
        package var currentJobID: String?

        package init() {}

        package init(tenantID: String, openJobs: Int = 0, pendingUsers: Int = 0, currentJobID: String? = nil) {
            self.tenantID = tenantID
            self.openJobs = openJobs
            self.pendingUsers = pendingUsers
            self.currentJobID = currentJobID
        }

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.required("tenantId", &tenantID)
            try coder.member("openJobs", &openJobs)
            try coder.member("pendingUsers", &pendingUsers)
            try coder.nullable("currentJobId", &currentJobID)
        }
    }

    package struct Workers: JSONDocument {
        package var active = 0
        package var idle = 0

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("active", &active)
            try coder.member("idle", &idle)
        }
    }

    /// Users applied per second.
    package struct Speed: JSONDocument {
        package var oneMinute = 0.0
        package var fiveMinutes = 0.0

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("1m", &oneMinute)
            try coder.member("5m", &fiveMinutes)
        }
    }

    /// A batch in backoff.
    package struct Retrying: JSONDocument {
        package var jobID = ""
        package var tenantID = ""
        package var batch = 0
        package var attempts = 0
        package var nextAttemptAt: Timestamp?
        package var lastError: String?

        package init() {}

        package init(
            jobID: String, tenantID: String = "", batch: Int = 0, attempts: Int = 0, nextAttemptAt: Timestamp? = nil,
            lastError: String? = nil
        ) {
            self.jobID = jobID
            self.tenantID = tenantID
            self.batch = batch
            self.attempts = attempts
            self.nextAttemptAt = nextAttemptAt
            self.lastError = lastError
        }

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.required("jobId", &jobID)
            try coder.member("tenantId", &tenantID)
            try coder.member("batch", &batch)
            try coder.member("attempts", &attempts)
            try coder.nullable("nextAttemptAt", &nextAttemptAt)
            try coder.nullable("lastError", &lastError)
        }
    }

    package struct Webhooks: JSONDocument {
        package var pending = 0
        package var dead = 0
        /// Of the oldest pending one.
        package var oldestAgeSeconds: Double?
        package var lastError: String?
        /// Destinations that asked to wait and get nothing now.
        package var heldDestinations = 0
        /// When the longest of these waits is over.
        package var heldUntil: Timestamp?

        package init() {}

        package init(pending: Int, dead: Int, oldestAgeSeconds: Double? = nil, lastError: String? = nil) {
            self.pending = pending
            self.dead = dead
            self.oldestAgeSeconds = oldestAgeSeconds
            self.lastError = lastError
        }

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("pending", &pending)
            try coder.member("dead", &dead)
            try coder.nullable("oldestAgeSeconds", &oldestAgeSeconds)
            try coder.nullable("lastError", &lastError)
            try coder.member("heldDestinations", &heldDestinations)
            try coder.nullable("heldUntil", &heldUntil)
        }
    }

    /// Bytes of the queue's data, of its log, and what is free on its disk; `nil` if the store has no such figure.
    package struct Queue: JSONDocument {
        package var bytes: Int64 = 0
        package var walBytes: Int64?
        package var freeDiskBytes: Int64?

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("bytes", &bytes)
            try coder.nullable("walBytes", &walBytes)
            try coder.nullable("freeDiskBytes", &freeDiskBytes)
        }
    }
}
