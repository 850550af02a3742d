import SyncModel

/// What the users of a batch share.
struct BatchContext {
    /// Names the batch among all that this connection has seen.
    let serial: Int
    let jobID: JobID
    let tenantID: TenantID
    let operation: Operation
    let syncTime: Timestamp
    let isLastPass: Bool
    /// The job's sync time as it is stored.
    let syncTimeText: String
    /// The moment the batch is applied, as it is stored.
    let now: String
    /// Whether users of the job wait for its last pass.
    var hasClaims: Bool

    /// - Parameter serial: from `UserStatements.nextBatch()`.
    init(_ work: BatchWork, serial: Int, now: Timestamp, hasClaims: Bool) {
        self.serial = serial
        jobID = work.jobID
        tenantID = work.tenantID
        operation = work.operation
        syncTime = work.syncTime
        isLastPass = work.isLastPass
        syncTimeText = work.syncTime.iso8601
        self.now = now.iso8601
        self.hasClaims = hasClaims
    }

    /// Binds the constants, once a batch and statement.
    func bindConstants(to statement: RawStatement) {
        guard statement.boundFor != serial else { return }
        statement.bind(UserSQL.tenant, copying: tenantID.text)
        statement.bind(UserSQL.syncTime, copying: syncTimeText)
        statement.bind(UserSQL.now, copying: now)
        statement.boundFor = serial
    }
}
