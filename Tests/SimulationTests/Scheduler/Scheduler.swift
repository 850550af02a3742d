import Foundation
import Synchronization
import TestSupport

/// Who runs next, and what time it is: every step of a simulated world is one job of a task, or one call, drawn by a seeded
/// generator from those that are ready. Where none is, time jumps to the next alarm.
///
/// All of it happens on one thread. The same seed draws the same steps, as long as nothing else decides: no clock of the machine's,
/// no thread, no order of a hash table.
final class Scheduler: Sendable {
    enum Work: Sendable {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct Step {
        var work: Work
        var owner: SeededExecutor
    }

    struct Alarm {
        var id: Int
        var due: Duration
        var owner: SeededExecutor
        /// Whether it stands for work that is under way, rather than for somebody who waits for nothing in particular.
        var isWork: Bool
        /// Told whether the time has come; false: its owner is dead.
        var ring: @Sendable (Bool) -> Void
    }

    private struct State {
        var random: SeededGenerator
        var now = Duration.zero
        var ready: [Step] = []
        var alarms: [Alarm] = []
        var lastAlarm = 0
        var steps = 0
        var trace = Trace()
        var strangers = 0
    }

    private let state: Mutex<State>
    private let thread = Mutex<pthread_t?>(nil)

    init(seed: UInt64, keepsLines: Bool) {
        state = Mutex(State(random: SeededGenerator(seed: seed), trace: Trace(keepsLines: keepsLines)))
    }

    // MARK: Time and chance

    var now: Duration { state.withLock { $0.now } }
    var steps: Int { state.withLock { $0.steps } }
    var trace: Trace { state.withLock { $0.trace } }
    /// Jobs that came from another thread than the world's: a way around the scheduler.
    var strangers: Int { state.withLock { $0.strangers } }

    func draw<T>(_ body: (inout SeededGenerator) -> T) -> T { state.withLock { body(&$0.random) } }

    /// Writes an event into the trace.
    func note(_ text: String) { state.withLock { $0.trace.add(text, at: $0.now) } }

    // MARK: What is to run

    func add(_ work: Work, _ owner: SeededExecutor) {
        let isStranger = thread.withLock { $0.map { pthread_equal($0, pthread_self()) == 0 } ?? false }
        state.withLock { state in
            if isStranger { state.strangers += 1 }
            state.ready.append(Step(work: work, owner: owner))
        }
    }

    /// Takes away whatever belongs to an executor: what was ready, and who sleeps.
    func remove(_ owner: SeededExecutor) -> ([Work], [Alarm]) {
        state.withLock { state in
            let work = state.ready.filter { $0.owner === owner }.map(\.work)
            let alarms = state.alarms.filter { $0.owner === owner }
            state.ready.removeAll { $0.owner === owner }
            state.alarms.removeAll { $0.owner === owner }
            return (work, alarms)
        }
    }

    // MARK: Sleeping

    /// Sleeps for so long by the world's clock.
    func sleep(for duration: Duration, _ owner: SeededExecutor, isWork: Bool) async throws {
        guard !owner.isDead else { throw CancellationError() }
        let id = state.withLock { state in
            state.lastAlarm += 1
            return state.lastAlarm
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                guard !Task.isCancelled, !owner.isDead else { return wake.resume(throwing: CancellationError()) }
                state.withLock { state in
                    state.alarms.append(
                        Alarm(id: id, due: state.now + max(.zero, duration), owner: owner, isWork: isWork) { isDue in
                            if isDue { wake.resume() } else { wake.resume(throwing: CancellationError()) }
                        })
                }
            }
        } onCancel: {
            let alarm = state.withLock { state -> Alarm? in
                state.alarms.firstIndex { $0.id == id }.map { state.alarms.remove(at: $0) }
            }
            alarm?.ring(false)
        }
    }

    /// Has a call made when so much time has passed; at once where its owner is dead.
    func call(after duration: Duration, _ owner: SeededExecutor, _ body: @escaping @Sendable () -> Void) {
        guard !owner.isDead else { return owner.add(.call(body)) }
        state.withLock { state in
            state.lastAlarm += 1
            state.alarms.append(
                Alarm(id: state.lastAlarm, due: state.now + duration, owner: owner, isWork: true) { _ in owner.add(.call(body)) })
        }
    }

    /// Whether nothing is under way: nothing ready, and all who sleep wait for nothing in particular.
    var isQuiet: Bool { state.withLock { $0.ready.isEmpty && !$0.alarms.contains(where: \.isWork) } }

    // MARK: Running

    private enum Next {
        case run(Step)
        case wake(Alarm)
        case nothing
    }

    /// Takes the world over for the calling thread: whoever comes from another is a stranger from now on.
    func enter() { thread.withLock { $0 = pthread_self() } }
    func leave() { thread.withLock { $0 = nil } }

    /// Makes one step. False: there is nothing to do, now or ever.
    func step() -> Bool {
        let next = state.withLock { state -> Next in
            state.steps += 1
            // Now and then time passes though somebody could go on: machines are slow.
            let passes = !state.ready.isEmpty && state.random.next() % 32 == 0
            if state.ready.isEmpty || passes, let first = Self.first(of: state.alarms) {
                let alarm = state.alarms[first]
                if state.ready.isEmpty || alarm.due - state.now < .milliseconds(50) {
                    state.now = max(state.now, alarm.due)
                    state.alarms.remove(at: first)
                    state.trace.count(UInt64(alarm.id))
                    return .wake(alarm)
                }
            }
            guard !state.ready.isEmpty else { return .nothing }
            let at = Int(state.random.next() % UInt64(state.ready.count))
            state.trace.count(UInt64(at) << 32 | UInt64(state.ready.count))
            return .run(state.ready.remove(at: at))
        }
        switch next {
        case .nothing: return false
        case .wake(let alarm): alarm.ring(true)
        case .run(let step): step.owner.run(step.work)
        }
        return true
    }

    private static func first(of alarms: [Alarm]) -> Int? {
        alarms.indices.min { (alarms[$0].due, alarms[$0].id) < (alarms[$1].due, alarms[$1].id) }
    }
}
