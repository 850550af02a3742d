/// An operation exceeded its time limit.
struct TimeLimitExceeded: Error, Sendable, Hashable {}

/// Runs the operation, cancelling it after `limit`.
/// - Throws: `TimeLimitExceeded`, or what the operation throws.
func withTimeLimit<T: Sendable>(_ limit: Duration, _ operation: @escaping @Sendable () async throws -> T) async throws -> T {
    try await withThrowingTaskGroup(of: T.self) { group in
        group.addTask(operation: operation)
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimeLimitExceeded()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw TimeLimitExceeded() }
        return value
    }
}
