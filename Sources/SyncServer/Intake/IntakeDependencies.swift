package import JobQueue
package import Settings
package import SyncEngine
package import SyncModel

/// What the intake needs.
package struct IntakeDependencies: Sendable {
    package var queue: any JobIntake & JobInspection & TenantNaming
    package var engine: any EngineControl
    package var settings: Settings
    package var clock: WallClock
    package var limiter: SubmissionLimiter
    /// Memory for sorting, shared by all uploads.
    package var budget: RunBudget
    /// Limits large uploads, shared likewise.
    package var seats: UploadSeats
    /// Whether the process is stopping: nothing more is accepted.
    package var isDraining: @Sendable () -> Bool
    /// Says why a `metadata.callbackUrl` may not be used; `nil` if it may.
    package var callbackProblem: @Sendable (String) -> String?
    /// Whether the directory has users of a tenant; `nil` if it cannot say now.
    package var hasUsers: @Sendable (TenantID) async -> Bool? = { _ in nil }
    /// How long a request waits for these answers.
    package var usersPatience = Duration.seconds(5)

    package init(
        queue: any JobIntake & JobInspection & TenantNaming, engine: any EngineControl, settings: Settings, clock: WallClock,
        limiter: SubmissionLimiter, budget: RunBudget, seats: UploadSeats = UploadSeats(),
        isDraining: @escaping @Sendable () -> Bool, callbackProblem: @escaping @Sendable (String) -> String?
    ) {
        self.queue = queue
        self.engine = engine
        self.settings = settings
        self.clock = clock
        self.limiter = limiter
        self.budget = budget
        self.seats = seats
        self.isDraining = isDraining
        self.callbackProblem = callbackProblem
    }
}
