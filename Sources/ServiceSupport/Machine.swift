/// What a service takes from the machine: monotonic time, randomness, and the executor of its unstructured tasks. A simulation
/// substitutes its own, so that one seed gives one run.
package struct Machine: Sendable {
    /// A number in 0..<1, for jitter.
    package let random: @Sendable () -> Double
    private let elapsed: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void
    private let start: ContinuousClock.Instant
    private let executor: (any TaskExecutor)?

    /// The monotonic clock, the system's randomness, Swift's default executor.
    package static let real = Machine(clock: ContinuousClock())

    /// - Parameters:
    ///   - clock: sleeps and measures.
    ///   - executor: runs unstructured tasks; `nil`: Swift's default. (Child tasks stay on their parent's executor.)
    ///   - random: a number in 0..<1.
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

    /// A moment to measure from; only differences between moments are meaningful.
    package var now: ContinuousClock.Instant { start.advanced(by: elapsed()) }

    /// Suspends for `duration` of the machine's time.
    /// - Throws: `CancellationError`.
    package func sleep(for duration: Duration) async throws { try await pause(duration) }

    /// Starts an unstructured task: it is neither awaited nor cancelled with the caller. Say why at the call.
    @discardableResult
    package func detach<T: Sendable>(_ operation: @escaping @Sendable () async throws -> T) -> Task<T, any Error> {
        Task(executorPreference: executor, operation: operation)
    }
}
