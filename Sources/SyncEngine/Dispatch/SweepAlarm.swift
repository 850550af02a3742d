import ServiceSupport
import Synchronization

/// Wakes the sweeper: at a moment, or earlier on request. Many requests during a sweep wake it once.
final class SweepAlarm: Sendable {
    enum Reason: Sendable {
        /// The time has passed.
        case time
        /// Requests a sweep.
        case call
        /// Something became due at a time that may be earlier than the awaited one.
        case plan
    }

    private struct State {
        /// Of those since the last wait, the one that asks for the most.
        var reason: Reason?
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let machine: Machine
    private let state = Mutex(State())

    init(machine: Machine) { self.machine = machine }

    /// Requests a sweep.
    func call() { wake(.call) }

    /// The next due time may have changed.
    func plan() { wake(.plan) }

    /// Returns after `pause`, or at once if called since the last wait or during this one; also if the task is cancelled.
    func wait(atMost pause: Duration) async -> Reason {
        await withDiscardingTaskGroup { group in
            if state.withLock({ $0.reason == nil }) {
                group.addTask {
                    try? await self.machine.sleep(for: pause)
                    self.wake(.time)
                }
                await withCheckedContinuation { sleeper in
                    let isAsked = state.withLock { state in
                        if state.reason == nil { state.sleeper = sleeper }
                        return state.reason != nil
                    }
                    if isAsked { sleeper.resume() }
                }
                group.cancelAll()
            }
        }
        return state.withLock { state in
            defer { state.reason = nil }
            return state.reason ?? .time
        }
    }

    private func wake(_ reason: Reason) {
        let sleeper = state.withLock { state in
            if state.reason != .call { state.reason = reason == .time ? state.reason ?? .time : reason }
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }
}
