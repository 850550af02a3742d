import Synchronization

/// Connections to one database, so many at most. They are opened when they are needed, and kept.
///
/// Whoever finds none free waits in order. A connection that an outage met is closed, and those that stood idle then are not used
/// again: after a failover they would lead to the old server, which still answers.
package final class PostgresPool: Sendable {
    private let url: PostgresURL
    private let memory: PreparedMemory
    private let state: Mutex<State>
    package let size: Int

    private struct State {
        var line: PoolLine
        /// The one used last is at the end, and is used next.
        var idle: [Idle] = []
        /// Counts outages.
        var generation = 0
    }

    private struct Idle {
        let connection: PostgresConnection
        let generation: Int
    }

    /// - Parameter size: how many connections there may be.
    package init(_ url: PostgresURL, size: Int, memory: PreparedMemory = .process) {
        self.url = url
        self.size = max(1, size)
        self.memory = memory
        state = Mutex(State(line: PoolLine(places: max(1, size))))
    }

    package struct Figures: Sendable, Equatable {
        package let idle: Int
        package let used: Int
        package let waiting: Int
    }

    package var figures: Figures {
        state.withLock { state in
            Figures(idle: state.idle.count, used: size - state.line.free, waiting: state.line.waiters)
        }
    }

    /// Runs statements in one round trip, on a connection of its own; see `PostgresSession.run`.
    /// - Parameter deadline: of the wait for a connection, of connecting, and of the statements together.
    package func run(
        _ statements: [PostgresStatement], deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> [PostgresResult] {
        try await use(deadline: deadline) { session throws(PostgresError) in try session.run(statements, deadline: deadline) }
            .get()
    }

    /// Runs a closure in a transaction; see `PostgresSession.transaction`.
    package func transaction<Value: Sendable>(
        _ settings: TransactionSettings = TransactionSettings(), deadline: ContinuousClock.Instant,
        _ body: @escaping @Sendable (PostgresTransaction) throws -> Value
    ) async throws -> Value {
        try await use(deadline: deadline) { session in try session.transaction(settings, deadline: deadline, body) }.get()
    }

    /// Hands a session to a closure, which runs on its connection's queue. A transaction that the closure leaves open is not committed.
    /// - Throws: what stands in the way of a connection; what the closure throws is in the result.
    package func use<Value: Sendable, Failure>(
        deadline: ContinuousClock.Instant, _ body: @escaping @Sendable (PostgresSession) throws(Failure) -> Value
    ) async throws(PostgresError) -> Result<Value, Failure> {
        try await takeTurn(deadline)
        defer { endTurn() }
        while let idle = await takeIdle() {
            // If the server has closed it meanwhile, another is tried, in the end a new one.
            if let result = await use(idle, body) { return result }
        }
        // Before it connects: whatever happens then, it may have been the old server.
        let generation = state.withLock { $0.generation }
        let new = Idle(connection: try await .open(url, memory: memory, deadline: deadline), generation: generation)
        guard let result = await use(new, body) else { throw .closed }
        return result
    }

    private func use<Value: Sendable, Failure>(
        _ one: Idle, _ body: @escaping @Sendable (PostgresSession) throws(Failure) -> Value
    ) async -> Result<Value, Failure>? {
        let (result, standing) = await one.connection.useIfUsable(body)
        await putBack(one, standing)
        return result
    }

    /// Closes what is idle, and refuses whoever waits; what is in use is closed once it is given back.
    package func close() async {
        let (wakers, idle) = state.withLock { state in
            defer { state.idle = [] }
            return (state.line.close(), state.idle)
        }
        for waker in wakers { waker.resume(returning: .closed) }
        for one in idle { await one.connection.close() }
    }

    // MARK: Connections

    /// - Returns: the one used last; `nil` if none is idle.
    private func takeIdle() async -> Idle? {
        while let (one, isCurrent) = state.withLock({ state in
            state.idle.popLast().map { ($0, $0.generation == state.generation) }
        }) {
            if isCurrent { return one }
            await one.connection.close()
        }
        return nil
    }

    private func putBack(_ one: Idle, _ standing: PostgresConnection.Standing) async {
        let isKept = state.withLock { state in
            if standing == .failed, one.generation == state.generation { state.generation += 1 }
            guard standing == .idle, one.generation == state.generation, !state.line.isClosed else { return false }
            state.idle.append(one)
            return true
        }
        if !isKept { await one.connection.close() }
    }

    // MARK: Turns

    private func takeTurn(_ deadline: ContinuousClock.Instant) async throws(PostgresError) {
        var turn: PoolLine.Turn
        switch state.withLock({ $0.line.enter() }) {
        case .turn(let now): turn = now
        case .place(let place): turn = await wait(in: place, until: deadline)
        }
        switch turn {
        case .granted: return
        case .closed: throw PostgresError(.outage, "the connections are closed")
        case .left where Task.isCancelled: throw PostgresError(.cancelled, "cancelled while waiting for a connection")
        case .left: throw PostgresError(.deadline, "no connection was free within the deadline")
        }
    }

    private func wait(in place: Int, until deadline: ContinuousClock.Instant) async -> PoolLine.Turn {
        await withTaskGroup(of: PoolLine.Turn?.self) { group in
            group.addTask { await self.wait(in: place) }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            if case .some(.some(let turn)) = first { return turn }
            // The time is over; the turn may have come in the same moment.
            for await case let turn? in group { return turn }
            return .left
        }
    }

    private func wait(in place: Int) async -> PoolLine.Turn {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waker in
                if let turn = state.withLock({ $0.line.wait(place, waker) }) { waker.resume(returning: turn) }
            }
        } onCancel: {
            state.withLock { $0.line.leave(place) }?.resume(returning: .left)
        }
    }

    private func endTurn() {
        state.withLock { $0.line.release() }?.resume(returning: .granted)
    }
}
