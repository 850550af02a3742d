import Dispatch
import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("A lease beside a cancel")
struct LeaseRaceTests {
    @Test("what was read before a cancel is not leased after it, be the job ended by then or not", arguments: [false, true])
    func cancelBetween(isDropped: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 10)
            let lease = try await HeldLease.begin(fixture, queue)
            guard case .requested(_, let unstarted) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(unstarted == [0])
            if isDropped { #expect(try await queue.drop(job.id, batches: unstarted, now: fixture.now)?.counts.cancelled == 10) }
            #expect(try await lease.end().isEmpty)
            if !isDropped { #expect(try await queue.drop(job.id, batches: unstarted, now: fixture.now)?.counts.cancelled == 10) }
        }
    }

    @Test("a lease that is read for longer than two looks of the net is no fault, and is made")
    func slowRead() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 10)
            let lease = try await HeldLease.begin(fixture, queue)
            for _ in 0..<3 { #expect(try await queue.reconcile(limit: 9) == []) }
            #expect(try await lease.end().count == 1)
            #expect(fixture.events.takeImpossible() == [])
        }
    }
}

/// A lease that has read what there is and has not ended its transaction yet.
private struct HeldLease {
    private let gate: DispatchSemaphore
    private let task: Task<[LeasedBatch], any Error>

    /// Leases a batch of the tenant "a".
    static func begin(_ fixture: QueueFixture, _ queue: SQLiteJobQueue) async throws -> HeldLease {
        let (reading, hasRead) = AsyncStream<Void>.makeStream()
        let gate = DispatchSemaphore(value: 0)
        let isArmed = Shared(false)
        try queue.readNow { db in
            db.trace { event in
                guard isArmed.value, "\(event)" == "COMMIT" else { return }
                isArmed.value = false
                hasRead.finish()
                gate.wait()
            }
        }
        isArmed.value = true
        let task = Task(executorPreference: ThreadExecutor()) { try await fixture.lease(queue, "a") }
        for await _ in reading {}
        return HeldLease(gate: gate, task: task)
    }

    func end() async throws -> [LeasedBatch] {
        gate.signal()
        return try await task.value
    }
}

/// Runs tasks on a thread of its own, which may wait without keeping one that others need.
private final class ThreadExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "lease")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
