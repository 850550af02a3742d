import SQLiteSupport
import SyncModel
import UserDirectory

/// What all users of a batch share.
struct BatchContext {
    /// Distinguishes the batch from all others on this connection.
    let serial: Int
    let jobID: JobID
    let tenantID: TenantID
    let operation: Operation
    let syncTime: Timestamp
    let isLastPass: Bool
    let isRetry: Bool
    let carriedIDs: CarriedIDs?
    /// The job's sync time in stored form.
    let syncTimeText: String
    /// The time the batch is applied, in stored form.
    let now: String
    /// The same as a value.
    let moment: Timestamp
    /// Whether users of the job wait for its last pass, or did.
    var hasWaiting: Bool
    /// Whether rows that belong to users of the job keep addresses that those users did not ask for.
    var hasKeeping: Bool
    /// Whether the tenant has early removals newer than the job.
    let hasRemovals: Bool
    /// Whether rows of the tenant have a Kinde id among the platform ids: put there by an earlier version, and not moved.
    let hasMisplacedIDs: Bool

    init(_ work: BatchWork, _ statements: UserStatements, retention: Double, at moment: Timestamp) throws(SQLiteFailure) {
        serial = statements.nextBatch()
        jobID = work.jobID
        tenantID = work.tenantID
        operation = work.operation
        syncTime = work.syncTime
        isLastPass = work.isLastPass
        isRetry = work.isRetry
        carriedIDs = work.carriedIDs ?? (work.isWholeJob ? CarriedIDs(of: work.payload) : nil)
        syncTimeText = work.syncTime.iso8601
        now = moment.iso8601
        self.moment = moment
        let waiting = WaitingUsers(statements: statements)
        hasWaiting = try waiting.exist(for: work.jobID)
        hasKeeping = hasWaiting ? try waiting.keepAddresses(in: work.jobID) : false
        let misplaced = try statements(UserSQL.anyMisplacedID)
        misplaced.bind(UserSQL.tenant, copying: tenantID.text)
        hasMisplacedIDs = try misplaced.found()
        hasRemovals =
            work.operation == .userSync
            ? try EarlyRemovals(statements: statements, retention: retention).areNewer(than: work, at: moment) : false
    }

    /// Binds the constants, once per batch and statement.
    func bindConstants(to statement: SQLStatement) {
        guard statement.boundFor != serial else { return }
        statement.bind(UserSQL.tenant, copying: tenantID.text)
        statement.bind(UserSQL.syncTime, copying: syncTimeText)
        statement.bind(UserSQL.now, copying: now)
        statement.boundFor = serial
    }
}
