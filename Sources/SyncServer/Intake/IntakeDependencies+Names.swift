import JobQueue
package import SyncModel
import Synchronization

extension IntakeDependencies {
    /// The job, with what the queue has to know of the directory to learn from the names of its tenant. Call it last before the job is
    /// accepted. It waits for `usersPatience` at most: what is not known by then is not learnt.
    package func withKnownUsers(_ job: NewJob) async throws -> NewJob {
        let names = try await queue.unasked(job.tenantNames)
        guard !names.isEmpty else { return job }
        var job = job
        job.hasUsers = await withCheckedContinuation { continuation in
            let answers = FirstAnswer(continuation)
            let timer = Task { [usersPatience] in
                try? await Task.sleep(for: usersPatience)
                answers.give([:])
            }
            Task { [hasUsers] in
                var found: [TenantID: Bool] = [:]
                for name in names { found[name] = await hasUsers(name) }
                answers.give(found)
                timer.cancel()
            }
        }
        return job
    }
}

/// Resumes with the first of several answers. Whoever asks a thing that may hang must not wait for its end, as a task group does.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private let waiting: Mutex<CheckedContinuation<Value, Never>?>

    init(_ continuation: CheckedContinuation<Value, Never>) { waiting = Mutex(continuation) }

    func give(_ value: Value) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: value)
    }
}
