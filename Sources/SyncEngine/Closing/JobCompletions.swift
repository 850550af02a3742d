package import ServiceSupport
import SyncAPI
package import SyncModel

/// Callers that wait for a job to end (`Prefer: wait`, the demo).
package actor JobCompletions {
    private struct Waiter {
        let continuation: CheckedContinuation<Job?, Never>
        /// Checks once, then waits for the timeout.
        let timer: Task<Void, any Error>
    }

    private let machine: Machine
    private var waiters: [JobID: [Int: Waiter]] = [:]
    private var next = 0
    private var isClosed = false

    package init(machine: Machine = .real) { self.machine = machine }

    /// Waits until `ended` is called for the job, `seconds` have passed or the task is cancelled.
    /// - Parameter check: returns the job if it has already ended; called after the wait is registered, so that no end is missed.
    package func wait(for id: JobID, seconds: Double, check: @escaping @Sendable () async -> Job?) async -> Job? {
        guard !isClosed else { return await check() }
        next += 1
        let number = next
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Not a child task, which would hold up the answer. It is cancelled with the answer.
                let timer = machine.detach { [self] in
                    if let job = await check() { return await resume(id, number, with: job) }
                    try? await machine.sleep(for: .seconds(seconds))
                    await resume(id, number, with: nil)
                }
                waiters[id, default: [:]][number] = Waiter(continuation: continuation, timer: timer)
            }
        } onCancel: {
            self.machine.detach { await self.resume(id, number, with: nil) }
        }
    }

    func ended(_ job: Job) {
        guard let waiting = waiters.removeValue(forKey: job.id) else { return }
        for waiter in waiting.values { answer(waiter, job) }
    }

    /// Answers all waiting callers with nothing: the server is stopping.
    package func close() {
        isClosed = true
        for waiter in waiters.values.flatMap(\.values) { answer(waiter, nil) }
        waiters = [:]
    }

    private func resume(_ id: JobID, _ number: Int, with job: Job?) {
        guard let waiter = waiters[id]?.removeValue(forKey: number) else { return }
        if waiters[id]?.isEmpty == true { waiters[id] = nil }
        answer(waiter, job)
    }

    private func answer(_ waiter: Waiter, _ job: Job?) {
        waiter.timer.cancel()
        waiter.continuation.resume(returning: job)
    }
}
