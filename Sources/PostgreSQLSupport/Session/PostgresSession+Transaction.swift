extension PostgresSession {
    /// Runs a closure in a transaction and commits it. If the transaction meets another one (40001, 40P01, 55P03), the closure runs
    /// again from its beginning, up to five times and until the deadline: what it does beside the database must bear that.
    ///
    /// Any other error rolls the transaction back and is thrown. `PostgresError.Kind.unknownOutcome` means that COMMIT was sent and not
    /// answered.
    /// - Parameter body: gets the transaction, which is of no use afterwards.
    package func transaction<Value>(
        _ settings: TransactionSettings = TransactionSettings(), deadline: ContinuousClock.Instant,
        _ body: (PostgresTransaction) throws -> Value
    ) throws -> Value {
        var tries = Retries()
        while true {
            let transaction = PostgresTransaction(self, settings, deadline: deadline)
            do {
                let value = try body(transaction)
                try transaction.finish()
                return value
            } catch {
                rollback()
                guard let met = error as? PostgresError, met.kind == .retryable, handle.isGood,
                    let pause = tries.next(isFree: met.isOfPreparation), .now + pause < deadline
                else { throw error }
                try rest(pause)
            }
        }
    }

    /// A transaction for whoever says by itself when it ends: with `commit`, or `rollback`.
    package func begin(
        _ settings: TransactionSettings = TransactionSettings(), deadline: ContinuousClock.Instant
    ) -> PostgresTransaction {
        PostgresTransaction(self, settings, deadline: deadline)
    }

    /// - Throws: if the task is cancelled meanwhile.
    private func rest(_ pause: Duration) throws(PostgresError) {
        let end = ContinuousClock.now + pause
        while !call.isCancelled {
            if SocketWait.wait(for: 0, of: -1, or: pipe, until: end) == .deadline { return }
        }
        throw PostgresError(.cancelled, "cancelled between two attempts")
    }
}

/// How often, and after which pauses, a transaction that met another one is tried again.
struct Retries {
    private var used = 0
    private var freeUsed = 0
    static let most = 5

    /// - Parameter isFree: nobody was met; the statements have to be sent in another way.
    /// - Returns: the pause, 10 ms to 320 ms at most, halved at random so that the two do not meet again; `nil`: no more.
    mutating func next(isFree: Bool = false, random: Double = .random(in: 0..<1)) -> Duration? {
        if isFree {
            freeUsed += 1
            return freeUsed <= 2 ? .zero : nil
        }
        guard used < Self.most else { return nil }
        used += 1
        return .milliseconds(10 << used) * (0.5 + random / 2)
    }
}
