import Synchronization

/// A number that tasks wait for. Their wait ends with their test: one that hangs is reported, and the others go on.
package final class Gauge: Sendable {
    private struct State {
        var value = 0
        var nextID = 0
        var waiting: [Int: (value: Int, done: CheckedContinuation<Void, any Error>)] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func set(_ value: Int) {
        let met = state.withLock { state in
            state.value = value
            let met = state.waiting.filter { value >= $0.value.value }
            for id in met.keys { state.waiting[id] = nil }
            return met.values.map(\.done)
        }
        for done in met { done.resume() }
    }

    /// Returns once it is `value` or more.
    /// - Throws: `CancellationError`.
    package func reaches(_ value: Int) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.value >= value { return .success(()) }
                    state.waiting[id] = (value, done)
                    return nil
                }
                if let outcome { done.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.done.resume(throwing: CancellationError())
        }
    }
}
