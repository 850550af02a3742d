import CLibPQ

/// What a connection does, one thing after the other, on the connection's own thread: every call waits there for the server, until the
/// deadline at most. `PostgresConnection` hands it to closures; it stays within them.
package final class PostgresSession {
    let pipe: WakePipe
    let memory: PreparedMemory
    var handle = ConnectionHandle()
    var secrets = Secrets([])
    var prepared: PreparedStatements
    /// Whose work is being done.
    var call: Call
    /// An outage met it: it is closed.
    private(set) var hasFailed = false

    /// Not connected.
    init(_ pipe: WakePipe, memory: PreparedMemory) {
        self.pipe = pipe
        self.memory = memory
        prepared = PreparedStatements(memory: memory)
        call = Call(waking: pipe)
    }

    /// How long a server has to give up what it is doing, before its connection is closed.
    static let grace = Duration.seconds(1)

    /// How long a rollback may take on a server that has just answered.
    private static let rollbackTime = Duration.seconds(5)

    /// It may be used again: connected, and in no transaction.
    var isIdle: Bool { handle.isGood && handle.transactionStatus == PQTRANS_IDLE }

    func close() { handle.close() }

    /// Runs statements in one round trip. They are one transaction, unless they begin and end some: if one fails, the others do
    /// nothing, what is open is rolled back, and the connection can be used again.
    ///
    /// Cancelled, or past the deadline, the server is asked to give up; if it does not within a second, the connection is closed. From
    /// the moment at which a COMMIT is sent only its answer or the deadline counts.
    ///
    /// An outage leaves open whether they took effect: what must be known is written in a transaction.
    /// - Returns: a result for each statement.
    package func run(
        _ statements: [PostgresStatement], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> [PostgresResult] {
        // What was done before in a transaction is not done again.
        let isWhole = isIdle
        do {
            return try exchange(statements, deadline)
        } catch {
            rollback()
            let isBeforeCommit = error.statement ?? 0 <= statements.firstIndex(where: \.isCommit) ?? .max
            guard error.isOfPreparation, isWhole, isBeforeCommit, handle.isGood else { throw error }
        }
        // Not prepared now, or anew.
        do {
            return try exchange(statements, deadline)
        } catch {
            rollback()
            throw error
        }
    }

    /// Sends the statements and takes their results; a transaction stays as it then is.
    func exchange(
        _ statements: [PostgresStatement], _ deadline: ContinuousClock.Instant, isShielded: Bool = false
    ) throws(PostgresError) -> [PostgresResult] {
        guard let pointer = handle.pointer, handle.isGood else { throw .closed }
        guard isShielded || !call.isCancelled else { throw PostgresError(.cancelled, "cancelled before it was sent") }
        guard .now < deadline else { throw PostgresError(.deadline, "the time was over before it was sent") }
        guard !statements.isEmpty else { return [] }
        var exchange = Exchange(self, pointer, statements, deadline, isShielded: isShielded)
        do {
            return try exchange.run()
        } catch {
            // A server that is read-only still answers, and always would.
            if error.kind == .outage || error.kind == .unknownOutcome {
                hasFailed = true
                close()
            }
            throw error
        }
    }

    /// Ends a transaction that is open; one that cannot be ended ends with its connection.
    package func rollback() {
        guard handle.isGood, handle.transactionStatus != PQTRANS_IDLE else { return }
        _ = try? exchange([.rollback], .now + Self.rollbackTime, isShielded: true)
        if handle.transactionStatus != PQTRANS_IDLE { close() }
    }

    /// Whether the server has not closed the connection meanwhile, as far as that is known without asking it. If it has, so has this.
    func isUsable() -> Bool {
        // What lies there is read until the end of the stream would show.
        for _ in 0..<16 where isIdle {
            guard case .ready = SocketWait.wait(for: SocketWait.readable, of: handle.socket, or: nil, until: .now) else {
                if handle.isEnding { break }
                return true
            }
            if PQconsumeInput(handle.pointer) == 0 { break }
            // Answers nobody asked for, such as the reason for closing.
            _ = PQisBusy(handle.pointer)
        }
        close()
        return false
    }
}
