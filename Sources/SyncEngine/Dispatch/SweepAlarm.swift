import ServiceSupport

/// Wakes who sweeps: at a moment, or before it when somebody asks. Asked many times while a sweep is under way it wakes once.
actor SweepAlarm {
    enum Reason: Sendable {
        /// The time is over.
        case time
        /// Something waits to be swept.
        case call
        /// Something waits for a moment that may come before the one that was waited for.
        case plan
    }

    private let machine: Machine
    private var isCalled = false
    private var isPlanned = false
    private var sleeper: CheckedContinuation<Void, Never>?

    init(machine: Machine) { self.machine = machine }

    /// Something waits to be swept.
    func call() {
        isCalled = true
        wake()
    }

    /// The next moment may have become another.
    func plan() {
        isPlanned = true
        wake()
    }

    /// Returns after so long, or at once when it was asked meanwhile or since it was waited for last; also when the task is cancelled.
    func wait(atMost pause: Duration) async -> Reason {
        if !isCalled, !isPlanned {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    try? await self.machine.sleep(for: pause)
                    await self.wake()
                }
                // Nobody comes in between: the timer, too, needs this actor to wake it.
                await withCheckedContinuation { sleeper = $0 }
                group.cancelAll()
            }
        }
        defer { (isCalled, isPlanned) = (false, false) }
        return isCalled ? .call : isPlanned ? .plan : .time
    }

    private func wake() {
        sleeper?.resume()
        sleeper = nil
    }
}
