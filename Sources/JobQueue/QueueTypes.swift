package import SyncModel

/// Identifies an upload that is not a job yet.
package struct UploadID: Sendable, Hashable {
    package let value: Int64
    package init(value: Int64) { self.value = value }
}

/// What is stored under an `Idempotency-Key`.
package enum IdempotencyClaim: Sendable, Hashable {
    /// It belongs to the caller until released or recorded, or until its end (`KeyClaim.lifetime`).
    case claimed(KeyClaim)
    /// The first request with it is still arriving.
    case arriving
    /// A job was accepted under it, from a body with this SHA-256.
    case known(job: JobID, bodyHash: [UInt8])
}

/// Whether the queue accepts more.
package enum Admission: Sendable, Hashable {
    case open
    /// Full, or not writable. `reason` says which; `retryAfter` is in seconds.
    case refused(reason: String, retryAfter: Int)
}

/// A fenced right of one process to work on one batch, for a time. A new lease of the same batch has another value, and no two
/// leases that may exist at once, in whatever process, share one.
package struct LeaseID: Sendable, Hashable {
    package let value: Int64
    package init(value: Int64) { self.value = value }
}

/// What a dispatcher with room for work asks for.
package struct LeaseRequest: Sendable, Hashable {
    /// The most tenants to serve.
    package var tenants: Int
    /// Batches, divided evenly among the tenants served, at least one each.
    package var batches: Int
    /// If a tenant's next job is a single batch: how many such jobs may be leased together, with no more than
    /// `BatchLimits.mostUsers` users in total.
    package var smallJobs: Int
    /// The only tenant to serve, if it is ready; `nil`: those whose turn it is.
    package var tenantID: TenantID?
    /// How long the leases last unless they are renewed, in seconds; without meaning where they end with their process.
    package var seconds = 15.0

    package init(tenants: Int, batches: Int, smallJobs: Int = 1) {
        self.tenants = tenants
        self.batches = batches
        self.smallJobs = smallJobs
    }

    /// Batches of one tenant, whether its turn has come or not.
    package init(of tenantID: TenantID, batches: Int, smallJobs: Int = 1) {
        self.init(tenants: 1, batches: batches, smallJobs: smallJobs)
        self.tenantID = tenantID
    }
}

/// Which pass of a job a batch belongs to.
package enum BatchPass: Int, Sendable, Hashable {
    /// The users as sent.
    case first = 0
    /// The last pass: users that waited for all others of the job.
    case conflicts = 1
}

package struct LeasedBatch: Sendable {
    package var lease: LeaseID
    package var jobID: JobID
    package var tenantID: TenantID
    package var operation: Operation
    package var syncTime: Timestamp
    package var number: Int
    package var pass: BatchPass
    /// Failed attempts so far.
    package var attempts: Int
    package var payload: BatchPayload
    /// The number of users of the job, to tell small jobs from large ones.
    package var jobUsers: Int
    /// Whether the job retries failed users of another one.
    package var isRetry = false
    /// Whether the job names an address for its webhook.
    package var hasCallbackURL = false
    /// The ids that the job's users carry, if this process accepted it; else `nil`.
    package var carriedIDs: CarriedIDs?
    /// When the lease ends unless it is renewed, by the queue's clock; `nil` if it ends with its process and not before. The same
    /// for all batches of one call.
    package var expiresAt: Timestamp?

    /// Whether it is all of a small job: applied, logged and ended without further steps.
    package var isWholeJob: Bool { number == 0 && pass == .first && payload.count == jobUsers }

    package init(
        lease: LeaseID, jobID: JobID, tenantID: TenantID, operation: Operation, syncTime: Timestamp, number: Int,
        pass: BatchPass, attempts: Int, payload: BatchPayload, jobUsers: Int
    ) {
        self.lease = lease
        self.jobID = jobID
        self.tenantID = tenantID
        self.operation = operation
        self.syncTime = syncTime
        self.number = number
        self.pass = pass
        self.attempts = attempts
        self.payload = payload
        self.jobUsers = jobUsers
    }
}

/// A batch that was applied.
package struct FinishedBatch: Sendable {
    package var batch: LeasedBatch
    /// One for each user that has an outcome.
    package var users: [AppliedUser]
    /// Indices of users deferred to the job's last pass; the queue keeps their records for a `conflicts` batch.
    package var deferred: Set<UInt32>
    /// Whether it is a whole job of which only the end is left: that is written in the same commit.
    package var endsJob = false
    /// How many of `users` have no record in the batch any more, so that their results are lost: a warning of the job says so.
    package var lostResults = 0

    package init(batch: LeasedBatch, users: [AppliedUser], deferred: Set<UInt32> = []) {
        self.batch = batch
        self.users = users
        self.deferred = deferred
    }
}

/// What came of finishing batches: the jobs whose last open batch was among them, and the leases that were lost.
package struct FinishedJobs: Sendable {
    /// No longer held, so nothing was written of their batches: whoever holds these now ends them.
    package var lost: [LeaseID] = []
    /// Must be logged and ended.
    package var endable: [Job] = []
    /// Ended in the same commit, in their final state.
    package var ended: [Job] = []

    package init() {}
}

package struct JobEnding: Sendable {
    package var jobID: JobID
    package var state: JobState
    /// Why it `failed`.
    package var error: String?
    /// A problem with its end that is not a failure: added to the job's warnings.
    package var warning: String?
    /// `nil` if no webhook address is known.
    package var delivery: NewDelivery?

    package init(jobID: JobID, state: JobState, error: String? = nil, warning: String? = nil, delivery: NewDelivery?) {
        self.jobID = jobID
        self.state = state
        self.error = error
        self.warning = warning
        self.delivery = delivery
    }
}

package enum CancelRequest: Sendable {
    case unknown
    /// It had already ended.
    case ended(Job)
    /// Open batches that no worker holds, by number.
    case requested(Job, unstarted: [Int])
    /// In the job's last pass, with no batch held: its open batches. Some of their users may have been settled ahead.
    case requestedInLastPass(Job, unstarted: [Int])
}

package enum RetryRequest: Sendable {
    case unknown
    /// The job is still open.
    case open(Job)
    /// None of its users failed (or their payloads have been deleted).
    case nothingFailed(Job)
    /// The linked job; `existing` if it had been created before and is open.
    case linked(Job, existing: Bool)
}

package struct JobFilter: Sendable, Hashable {
    package var state: JobState?
    package var tenantID: TenantID?
    package var source: String?
    /// Accepted at or after.
    package var since: Timestamp?
    /// Accepted before.
    package var until: Timestamp?
    package init() {}
}

package struct Page<Element: Sendable>: Sendable {
    package var items: [Element]
    /// Opaque; `nil` on the last page.
    package var nextCursor: String?
    package init(items: [Element], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }
}

package enum QueueError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The store cannot be used now (disk full, read-only, input/output): retry later.
    case unavailable(String)
    /// There is no room for it now; the text says what is full: retry later.
    case full(String)
    /// The lease is no longer held: it was given back, its batch has ended, or its time is over.
    case leaseLost
    /// The claim of the job's idempotency key is no longer held: another request may have it, or have been accepted under it.
    case claimLost
    /// The call contradicts what the queue holds: an id or idempotency key used twice, batches that do not add up to the job's
    /// users, the end of a job with open batches. A mistake of the caller; repeating it does not help.
    case refused(String)
    /// A cursor that this queue did not issue.
    case badCursor
    /// What is stored of one thing is damaged; the rest can be read.
    case damaged(String)
    /// The stored file cannot be used; the text says why and what to do.
    case unusable(String)
    /// What is named as the store is none of this queue; the text says what it is. Another name has to be given.
    case foreign(String)

    package var description: String {
        switch self {
        case .unavailable(let text), .full(let text), .refused(let text), .damaged(let text), .unusable(let text),
            .foreign(let text):
            text
        case .leaseLost: "the lease is no longer held"
        case .claimLost: "the claim of the idempotency key is no longer held"
        case .badCursor: "the cursor is none of this queue's"
        }
    }
}
