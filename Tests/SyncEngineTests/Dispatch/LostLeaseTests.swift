import InMemoryQueue
import JobQueue
import Logging
import ServiceSupport
import SyncModel
import Telemetry
import TestSupport
import Testing
import UserDirectory

@testable import SyncEngine

/// A worker of one of two processes that share a queue in memory.
@Suite("Leases that a worker loses, and those that it only ends")
struct LostLeaseTests {
    private let clock = TestClock()
    private let queue: MemoryJobQueue
    private let other: MemoryJobQueue

    init() {
        let store = MemoryQueueStore(clock: clock.wallClock)
        (queue, other) = (MemoryJobQueue(store: store), MemoryJobQueue(store: store))
    }

    /// A worker for which an attempt is the last one, and the closer behind it.
    private func worker(
        of queue: MemoryJobQueue? = nil, directory: ScriptedDirectory = ScriptedDirectory(),
        finishing: @escaping @Sendable (_ finish: ScriptedLeasing.Finish) async throws -> FinishedJobs
    ) -> (SyncWorker, JobCloser) {
        let queue = queue ?? self.queue
        let (wall, logger) = (clock.wallClock, Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() })
        let (machine, metrics) = (Machine.real, EngineMetrics())
        let breaker = CircuitBreaker(directory: directory, clock: wall, machine: machine, logger: logger)
        let closer = JobCloser(
            queue: queue, directory: directory, breaker: breaker,
            configuration: EngineConfiguration(workers: 1, webhookURL: nil, publicURL: nil), clock: wall, metrics: metrics,
            logger: logger)
        let worker = SyncWorker(
            queue: ScriptedLeasing(base: queue, finishing: finishing), directory: directory, breaker: breaker, closer: closer,
            retry: RetryPolicy(maxAttempts: 1, base: 1, cap: 1), clock: wall, machine: machine, metrics: metrics, logger: logger,
            alarm: TransitionAlarm(logger: logger), onPutOff: {})
        return (worker, closer)
    }

    private func leased(_ batches: Int, from queue: MemoryJobQueue) async throws -> [LeasedBatch] {
        var request = LeaseRequest(of: "a", batches: batches)
        request.seconds = 10
        return try await queue.lease(request, now: clock.now)
    }

    /// Leases and finishes what is left, as the other process.
    @Sendable private func finishElsewhere() async throws {
        let taken = try await leased(9, from: other)
        let finished = taken.map { FinishedBatch(batch: $0, users: []) }
        _ = try await other.finish(finished, now: clock.now, ending: { _ in nil })
    }

    private func accept(users: Int) async throws -> JobID {
        try await EngineBench.accept(queue, "a", users: users)
    }

    private func warnings(_ id: JobID, after closer: JobCloser) async throws -> [String]? {
        await closer.close(try await queue.endable(limit: 9))
        return try await queue.job(id).flatMap { $0.state.isEnd ? $0.warnings : nil }
    }

    @Test("results that were refused, and whose lease was lost then, are not missing: the next holder writes them")
    func notMissing() async throws {
        let id = try await accept(users: 150)
        let finishes = Shared(0)
        let (worker, closer) = worker { finish in
            finishes.value += 1
            if finishes.value == 1 { throw QueueError.refused("no") }
            clock.advance(11)
            try await finishElsewhere()
            return try await finish()
        }
        await worker.work(CommitGroup(batches: try await leased(1, from: queue)), closeEarly: { false }, applied: { _ in })
        #expect(finishes.value == 2)
        #expect(try await warnings(id, after: closer) == [])
    }

    @Test("results that were left out by a write whose answer was lost are missing, whichever process ends the job")
    func maybeMissing() async throws {
        let id = try await accept(users: 150)
        let finishes = Shared(0)
        let (_, closer) = worker(of: other) { try await $0() }
        let (worker, _) = worker { finish in
            finishes.value += 1
            if finishes.value == 1 { throw QueueError.refused("no") }
            let finished = try await finish()
            if finishes.value == 2 { throw QueueError.unavailable("the answer is lost") }
            return finished
        }
        await worker.work(CommitGroup(batches: try await leased(1, from: queue)), closeEarly: { false }, applied: { _ in })
        try await finishElsewhere()
        #expect(finishes.value == 3)
        #expect(try await warnings(id, after: closer) == ["The queue could not keep the results of 100 users"])
    }

    @Test("a lease that is renewed while its batch is being finished is not lost, and the rest of its group is applied")
    func renewedWhileEnding() async throws {
        let id = try await accept(users: 250)
        let batches = try await leased(3, from: queue)
        let leases = GroupLeases(batches.map(\.lease), end: clock.now.advanced(bySeconds: 10))
        var group = CommitGroup(batches: batches)
        group.leases = leases
        // The commit of all three fails: each is applied by itself.
        let directory = ScriptedDirectory(failing: { $0.count == 1 ? .transient("no") : nil })
        let (worker, _) = worker(directory: directory) { finish in
            let finished = try await finish()
            let lost = try await queue.renew(batches.map(\.lease), for: 10, now: clock.now)
            leases.renewed(until: clock.now.advanced(bySeconds: 10), lost: Set(lost))
            return finished
        }
        await worker.work(group, closeEarly: { false }, applied: { _ in })
        #expect(try await queue.job(id)?.batchesDone == 3)
        #expect(!leases.areOver(at: clock.now))
    }

    @Test("a lease that is lost while its batch is applied ends the group's work")
    func lost() {
        let leases = GroupLeases([LeaseID(value: 1), LeaseID(value: 2)], end: clock.now.advanced(bySeconds: 10))
        leases.startEnding(LeaseID(value: 1))
        leases.renewed(until: clock.now.advanced(bySeconds: 10), lost: [LeaseID(value: 1)])
        #expect(!leases.areOver(at: clock.now))
        #expect(leases.renewable(at: clock.now)?.leases == [LeaseID(value: 2)])
        leases.renewed(until: clock.now.advanced(bySeconds: 10), lost: [LeaseID(value: 2)])
        #expect(leases.areOver(at: clock.now))
    }
}
