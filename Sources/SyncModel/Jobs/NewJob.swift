/// A job as intake passes it to the queue, with all rules checked.
package struct NewJob: Sendable {
    package var id: JobID
    package var operation: Operation
    /// As sent (`X-Tenant-ID`). The queue finds out whose name it is when it accepts the job.
    package var tenantID: TenantID
    /// Further names of the tenant that the request carries, in the order of trust: `TENANT_ALIASES=learn` may make aliases of them.
    package var otherTenantIDs: [TenantID] = []
    /// Whether the directory has users of a name's tenant, for those that `TenantNaming.unasked` names.
    package var hasUsers: [TenantID: Bool] = [:]
    package var tenantName: String
    /// `X-Sync-Source`, or `unknown`.
    package var source: String
    /// `metadata.syncTime` or `removedAt`; `nil` if neither was sent: then the time of its acceptance. Decides what is stale.
    package var syncTime: Timestamp?
    /// Now, by the queue's clock. The job is accepted then, or a moment later: see `JobIntake.accept`.
    package var acceptedAt: Timestamp
    package var totalUsers: Int
    /// `metadata.callbackUrl`, checked; it replaces the configured webhook address.
    package var callbackURL: String?
    /// W3C trace context, as `TraceContext` stores it.
    package var traceparent: String?
    package var requestID: String
    /// Sentences for the caller, shown with the job.
    package var warnings: [String]
    /// `metadata.syncType`, as sent.
    package var syncType: String?
    /// `reason` of a removal.
    package var reason: String?
    /// The job whose failed users this one retries.
    package var retryOf: JobID?
    /// The tenant of that job, whatever the sent name stands for by now.
    package var retriedTenantID: TenantID?
    /// The ids that its users carry; `nil` if unknown.
    package var carriedIDs: CarriedIDs?
    package var idempotency: Idempotency?

    /// An `Idempotency-Key` and what it identifies.
    package struct Idempotency: Sendable, Hashable {
        package var claim: KeyClaim
        /// SHA-256 of the inflated body.
        package var bodyHash: [UInt8]

        package init(claim: KeyClaim, bodyHash: [UInt8]) {
            self.claim = claim
            self.bodyHash = bodyHash
        }
    }

    package init(
        id: JobID, operation: Operation, tenantID: TenantID, tenantName: String, source: String, syncTime: Timestamp?,
        acceptedAt: Timestamp, totalUsers: Int, requestID: String, warnings: [String] = []
    ) {
        self.id = id
        self.operation = operation
        self.tenantID = tenantID
        self.tenantName = tenantName
        self.source = source
        self.syncTime = syncTime
        self.acceptedAt = acceptedAt
        self.totalUsers = totalUsers
        self.requestID = requestID
        self.warnings = warnings
    }

    /// What it calls its tenant.
    package var tenantNames: TenantNames {
        var names = TenantNames(sent: tenantID, others: otherTenantIDs)
        names.hasUsers = hasUsers
        return names
    }
}

/// A batch as intake cuts it: within `BatchLimits`.
package struct NewBatch: Sendable {
    package var payload: BatchPayload
    /// The smallest and largest index of its users; they narrow the search when results are paged in index order.
    package var firstIndex: UInt32
    package var lastIndex: UInt32

    package init(payload: BatchPayload, firstIndex: UInt32, lastIndex: UInt32) {
        self.payload = payload
        self.firstIndex = firstIndex
        self.lastIndex = lastIndex
    }
}
