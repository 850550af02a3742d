import Synchronization
import TestSupport

/// What goes wrong in one life of the process, drawn as it goes.
struct Weather: Sendable {
    enum Fate { case goes, fails, losesItsAnswer, isGivenUp }

    let scenario: Scenario
    /// Numbers the lives of all processes.
    let life: Int
    let scheduler: Scheduler
    let executor: SeededExecutor
    let monitor: Monitor
    /// False once the world is to calm down.
    let isRough: @Sendable () -> Bool

    /// Part of a call's time: nothing mostly, some milliseconds often, seconds rarely.
    /// - Parameter isLate: told before a pause of more than some milliseconds.
    func pass(isLate: () -> Void = {}) async {
        guard !executor.isDead else { return }
        let late = isRough() ? scenario.faults.late : 0
        let pause = executor.draw { random -> Duration? in
            if Int.random(in: 0..<1_000, using: &random) < late {
                return .milliseconds(Int.random(in: 100..<8_000, using: &random))
            }
            return Bool.random(using: &random) ? nil : .milliseconds(Int.random(in: 0..<12, using: &random))
        }
        guard let pause else { return }
        if pause > .milliseconds(50) {
            monitor.fault(at: scheduler.now + pause)
            isLate()
        }
        try? await scheduler.sleep(for: pause, executor, isWork: true)
    }

    /// Time in which others go on, and this one waits for nothing in particular.
    func sleep(_ duration: Duration) async throws {
        if duration > .zero { try await scheduler.sleep(for: duration, executor, isWork: false) }
    }

    func fate(failing: Int, losing: Int, givenUp: Int = 0) -> Fate {
        guard isRough(), !executor.isDead else { return .goes }
        let fate = executor.draw { random -> Fate in
            if Int.random(in: 0..<1_000, using: &random) < failing { return .fails }
            if Int.random(in: 0..<1_000, using: &random) < losing { return .losesItsAnswer }
            if Int.random(in: 0..<1_000, using: &random) < givenUp { return .isGivenUp }
            return .goes
        }
        if case .goes = fate { return fate }
        monitor.fault(at: scheduler.now)
        return fate
    }
}
