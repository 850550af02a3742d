import ServiceSupport
import SyncModel
import Synchronization

/// Callers that wait for a job to end (`Prefer: wait`, the demo).
///
/// Each looks for itself: at its start, when the queue signals the end of its job, and from time to time, because a signal may be
/// lost, or the look that it caused may fail. A look that finds nothing, or fails, leaves it waiting.
final class JobCompletions: Sendable {
    private struct Waiter {
        /// Has it look at once.
        let wake: AsyncStream<Void>.Continuation
        let answer: AsyncStream<Job>.Continuation
    }

    private struct State {
        var waiters: [JobID: [Int: Waiter]] = [:]
        var next = 0
        var isClosed = false
    }

    private let pause: Double
    private let machine: Machine
    private let state = Mutex(State())

    /// - Parameter pause: seconds between two looks that nothing has asked for (`ObservableQueue.lookInterval`).
    init(pause: Double, machine: Machine = .real) {
        self.pause = pause
        self.machine = machine
    }

    /// How many callers wait.
    var count: Int { state.withLock { $0.waiters.values.reduce(0) { $0 + $1.count } } }

    /// Waits until the job has ended, `seconds` have passed or the task is cancelled.
    /// - Parameter look: returns the job if it has ended; called after the wait is registered, so that no end is missed.
    /// - Returns: `nil` if it has not ended, as far as is known.
    func wait(for id: JobID, seconds: Double, look: @escaping @Sendable () async -> Job?) async -> Job? {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (answers, answer) = AsyncStream.makeStream(of: Job.self)
        guard seconds > 0, let number = register(Waiter(wake: wake, answer: answer), for: id) else { return await look() }
        // Not child tasks, which would hold up the answer while a look takes its time. They are cancelled with the answer.
        let looking = machine.detach {
            for await _ in wakes {
                guard let job = await look() else { continue }
                answer.yield(job)
                break
            }
            answer.finish()
        }
        let timing = machine.detach { [machine, pause] in
            var left = seconds
            while left > 0 {
                try await machine.sleep(for: .seconds(min(left, pause)))
                left -= pause
                if left > 0 { wake.yield() }
            }
            answer.finish()
        }
        defer {
            forget(id, number)
            looking.cancel()
            timing.cancel()
        }
        wake.yield()
        for await job in answers { return job }
        return nil
    }

    /// A job has ended; whoever waits for it looks. Returns at once.
    func ended(_ id: JobID) {
        let waiters = state.withLock { $0.waiters[id] ?? [:] }
        for (_, waiter) in waiters.sorted(by: { $0.key < $1.key }) { waiter.wake.yield() }
    }

    /// Answers all waiting callers with nothing, and those that come later after one look: the server is stopping.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            return state.waiters
        }
        for (_, waiter) in waiters.values.joined().sorted(by: { $0.key < $1.key }) { waiter.answer.finish() }
    }

    /// - Returns: the waiter's number; `nil` if closed.
    private func register(_ waiter: Waiter, for id: JobID) -> Int? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.waiters[id, default: [:]][state.next] = waiter
            return state.next
        }
    }

    private func forget(_ id: JobID, _ number: Int) {
        state.withLock { state in
            state.waiters[id]?[number] = nil
            if state.waiters[id]?.isEmpty == true { state.waiters[id] = nil }
        }
    }
}
