package import JobQueue
package import SyncModel

/// The engine's interface for the server.
package protocol EngineControl: Sendable {
    func status() async -> EngineStatus

    /// Cancels a job: batches not started are dropped, what was committed stays.
    func cancel(_ id: JobID) async throws -> CancelAnswer
    /// Creates a linked job with the failed users only.
    func retryFailed(of id: JobID, requestID: String) async throws -> RetryRequest
    /// Makes a delivery due now, and has it attempted whatever its destination asked for. False if it is unknown.
    func redeliver(_ id: String) async throws -> Bool
    /// Makes all dead deliveries due now, or those of a job, or of a tenant.
    func redeliverDead(ofJob job: JobID?, ofTenant tenant: TenantID?) async throws -> Redelivered
    /// Adds a test event for the configured address to the outbox. `nil` if no address is configured.
    func sendTestEvent(requestID: String) async throws -> Delivery?

    /// What making a tenant an alias of another would do to the users now; `nil` if the directory cannot say.
    func previewMerge(of alias: TenantID, into tenant: TenantID) async -> UserMerge?
    /// Begins to make a tenant an alias of another; both by any of their names.
    func beginMerge(of alias: TenantID, into tenant: TenantID) async throws -> MergeStart

    /// Waits until the job has ended, at most `seconds`; `nil` if it has not by then (or the server stops).
    func ended(_ id: JobID, within seconds: Double) async -> Job?
}

package enum CancelAnswer: Sendable {
    case unknown
    case ended(Job)
    /// `cancelRequested` is set; it ends after its running batches, or has just ended.
    case requested(Job)
}

/// What is happening at this moment.
package struct EngineStatus: Sendable {
    package var workersActive: Int
    package var workersIdle: Int
    /// Users applied per second over the last minute and the last five.
    package var usersPerSecond1m: Double
    package var usersPerSecond5m: Double
    package var directory: DirectoryHealth
    package var draining: Bool

    package init(
        workersActive: Int, workersIdle: Int, usersPerSecond1m: Double, usersPerSecond5m: Double,
        directory: DirectoryHealth, draining: Bool
    ) {
        self.workersActive = workersActive
        self.workersIdle = workersIdle
        self.usersPerSecond1m = usersPerSecond1m
        self.usersPerSecond5m = usersPerSecond5m
        self.directory = directory
        self.draining = draining
    }
}
