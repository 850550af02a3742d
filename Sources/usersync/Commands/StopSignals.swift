import UnixSignals

/// Lets work in this process end cleanly on Ctrl-C, SIGTERM or a closed terminal.
enum StopSignals {
    /// Runs `body`. A signal cancels it; it is waited for, so that it can remove what it made.
    /// - Returns: what `body` returned; `nil` if a signal came first.
    static func stopping<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        // Trapped before `body` makes anything that has to be removed.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
            return first
        }
    }
}
