package import SyncModel

/// Who waits for which job to end (`Prefer: wait`, the demo).
package actor JobCompletions {
    private var waiters: [JobID: [Int: CheckedContinuation<Job?, Never>]] = [:]
    private var next = 0
    private var isClosed = false

    package init() {}

    /// Waits until `ended` is called for the job, `seconds` passed or the task is cancelled.
    /// - Parameter check: looks whether the job has ended already; asked after the wait was registered, so that no end is missed.
    package func wait(for id: JobID, seconds: Double, check: @escaping @Sendable () async -> Job?) async -> Job? {
        guard !isClosed else { return await check() }
        next += 1
        let number = next
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters[id, default: [:]][number] = continuation
                // Not a child task: it must not hold up the answer, and it ends by itself.
                Task {
                    if let job = await check() { return resume(id, number, with: job) }
                    try? await Task.sleep(for: .seconds(seconds))
                    resume(id, number, with: nil)
                }
            }
        } onCancel: {
            Task { await self.resume(id, number, with: nil) }
        }
    }

    /// Whether anybody waits for the job.
    func isAwaited(_ id: JobID) -> Bool { waiters[id] != nil }

    func ended(_ job: Job) {
        guard let waiting = waiters.removeValue(forKey: job.id) else { return }
        for continuation in waiting.values { continuation.resume(returning: job) }
    }

    /// Answers everybody with nothing: the server stops.
    package func close() {
        isClosed = true
        for continuation in waiters.values.flatMap(\.values) { continuation.resume(returning: nil) }
        waiters = [:]
    }

    private func resume(_ id: JobID, _ number: Int, with job: Job?) {
        guard let continuation = waiters[id]?.removeValue(forKey: number) else { return }
        if waiters[id]?.isEmpty == true { waiters[id] = nil }
        continuation.resume(returning: job)
    }
}
