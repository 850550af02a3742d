/// What the engine has of the machine: time that goes on evenly, chance, and where those tasks run that are nobody's children.
/// A simulation puts its own in their place, so that one seed gives one run.
package struct Machine: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void
    private let start: ContinuousClock.Instant
    private let executor: (any TaskExecutor)?
    /// A number in 0..<1, for jitter.
    let random: @Sendable () -> Double

    /// The clock that nobody sets, chance as it comes, tasks where Swift runs them.
    package static let real = Machine(clock: ContinuousClock())

    /// - Parameters:
    ///   - clock: sleeps and measures.
    ///   - executor: where unstructured tasks run; `nil`: where Swift runs them. (Children stay where their parent runs.)
    package init(
        clock: some Clock<Duration>, executor: (any TaskExecutor)? = nil,
        random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
    ) {
        let first = clock.now
        elapsed = { first.duration(to: clock.now) }
        pause = { try await clock.sleep(for: $0) }
        start = .now
        self.executor = executor
        self.random = random
    }

    /// A moment to measure from; only its distance to other moments means something.
    var now: ContinuousClock.Instant { start.advanced(by: elapsed()) }

    /// - Throws: `CancellationError`.
    func sleep(for duration: Duration) async throws { try await pause(duration) }

    /// Starts a task that is no child of the caller's: it is neither awaited nor cancelled with it. Say at the call why.
    @discardableResult
    func detach<T: Sendable>(_ operation: @escaping @Sendable () async throws -> T) -> Task<T, any Error> {
        Task(executorPreference: executor, operation: operation)
    }
}
