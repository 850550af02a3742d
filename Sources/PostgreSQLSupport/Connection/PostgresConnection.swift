import ServiceSupport

/// One connection to a PostgreSQL server. It runs on a queue of its own, where it waits for the server: no thread of Swift's pool
/// does. Whoever cancels the task that uses it ends that wait.
package actor PostgresConnection {
    private let executor: SerialQueueExecutor
    private let pipe: WakePipe
    private let session: PostgresSession

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(memory: PreparedMemory) throws(PostgresError) {
        executor = SerialQueueExecutor(label: "usersync.postgresql")
        pipe = try WakePipe()
        session = PostgresSession(pipe, memory: memory)
    }

    /// Connects.
    /// - Parameters:
    ///   - memory: whether prepared statements work here.
    ///   - deadline: of all hosts together.
    /// - Throws: an outage, whatever the reason; cancellation.
    package static func open(
        _ url: PostgresURL, memory: PreparedMemory = .process, deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = try PostgresConnection(memory: memory)
        try await connection.use { session throws(PostgresError) in try session.connect(to: url, deadline: deadline) }.get()
        return connection
    }

    /// Runs statements in one round trip; see `PostgresSession.run`.
    package nonisolated func run(
        _ statements: [PostgresStatement], deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> [PostgresResult] {
        try await use { session throws(PostgresError) in try session.run(statements, deadline: deadline) }.get()
    }

    /// Runs a closure in a transaction; see `PostgresSession.transaction`. It runs on the connection's queue, so it may wait there,
    /// and it may run several times.
    package nonisolated func transaction<Value: Sendable>(
        _ settings: TransactionSettings = TransactionSettings(), deadline: ContinuousClock.Instant,
        _ body: @escaping @Sendable (PostgresTransaction) throws -> Value
    ) async throws -> Value {
        try await use { session in try session.transaction(settings, deadline: deadline, body) }.get()
    }

    /// Hands the session to a closure, which runs on the connection's queue.
    package nonisolated func use<Value: Sendable, Failure>(
        _ body: @escaping @Sendable (PostgresSession) throws(Failure) -> Value
    ) async -> Result<Value, Failure> {
        let call = Call(waking: pipe)
        return await withTaskCancellationHandler {
            await perform(call, body)
        } onCancel: {
            call.cancel()
        }
    }

    private func perform<Value: Sendable, Failure>(
        _ call: Call, _ body: @Sendable (PostgresSession) throws(Failure) -> Value
    ) -> Result<Value, Failure> {
        session.call = call
        return Result { () throws(Failure) in try body(session) }
    }

    // MARK: In a pool

    enum Standing: Sendable {
        case idle
        /// Somebody left a transaction open, or it had to be closed.
        case spent
        /// An outage met it.
        case failed
    }

    /// `use`, with what a pool has to know before and after it, in one turn on the connection's queue.
    /// - Returns: no result if the server has closed the connection meanwhile; what may become of it.
    nonisolated func useIfUsable<Value: Sendable, Failure>(
        _ body: @escaping @Sendable (PostgresSession) throws(Failure) -> Value
    ) async -> (result: Result<Value, Failure>?, standing: Standing) {
        let call = Call(waking: pipe)
        return await withTaskCancellationHandler {
            await performIfUsable(call, body)
        } onCancel: {
            call.cancel()
        }
    }

    private func performIfUsable<Value: Sendable, Failure>(
        _ call: Call, _ body: @Sendable (PostgresSession) throws(Failure) -> Value
    ) -> (result: Result<Value, Failure>?, standing: Standing) {
        guard session.isUsable() else { return (nil, .spent) }
        return (perform(call, body), handBack())
    }

    /// What may become of it after one use. Nobody else may use it unless it is idle.
    func handBack() -> Standing { session.hasFailed ? .failed : session.isIdle ? .idle : .spent }

    /// Whether the server has not closed it meanwhile, as far as that is known without asking it. If it has, so has this.
    package func isUsable() -> Bool { session.isUsable() }

    package func close() { session.close() }
}
