import ServiceSupport
import Synchronization

/// Wakes who sweeps: at a moment, or before it when asked to. Asked many times while a sweep is under way it wakes once.
final class SweepAlarm: Sendable {
    enum Reason: Sendable {
        /// The time is over.
        case time
        /// Something waits to be swept.
        case call
        /// Something waits for a moment that may come before the one that was waited for.
        case plan
    }

    private struct State {
        /// Of those met since the last wait the one that asks for most.
        var reason: Reason?
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let machine: Machine
    private let state = Mutex(State())

    init(machine: Machine) { self.machine = machine }

    /// Something waits to be swept.
    func call() { wake(.call) }

    /// The next moment may have become another.
    func plan() { wake(.plan) }

    /// Returns after so long, or at once when it was asked meanwhile or since it was waited for last; also when the task is cancelled.
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
