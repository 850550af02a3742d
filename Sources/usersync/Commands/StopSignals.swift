import UnixSignals

/// Lets work in this process end cleanly on Ctrl-C, SIGTERM or a closed terminal.
enum StopSignals {
    /// Runs `body`. A signal, or the end of `other`, cancels it; it is waited for, so that it can remove what it made.
    /// - Returns: what `body` returned; `nil` if it was cancelled.
    static func stopping<Value: Sendable>(
        or other: (@Sendable () async -> Void)? = nil, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        // Trapped before `body` makes anything that has to be removed.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            if let other {
                group.addTask {
                    await other()
                    return nil
                }
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            // What a cancelled `body` did not get done is no failure.
            try? await group.waitForAll()
            return first
        }
    }
}
