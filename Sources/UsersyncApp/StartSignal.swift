/// Resumes waiters once the server listens, or has failed to start.
actor StartSignal {
    private var outcome: Result<Int, any Error>?
    private var waiters: [CheckedContinuation<Int, any Error>] = []

    var isStarted: Bool { if case .success = outcome { true } else { false } }

    /// The port the server listens on, once it does.
    func port() async throws -> Int {
        if let outcome { return try outcome.get() }
        return try await withCheckedThrowingContinuation { waiters.append($0) }
    }

    func succeed(port: Int) { settle(.success(port)) }

    func fail(_ error: any Error) { settle(.failure(error)) }

    private func settle(_ result: Result<Int, any Error>) {
        guard outcome == nil else { return }
        outcome = result
        for waiter in waiters { waiter.resume(with: result) }
        waiters = []
    }
}
