import JobQueue
import Logging
import ServiceSupport
import SyncModel
import Telemetry
import UserDirectory

/// Takes one commit group at a time from the queue to the directory, and its results back.
actor SyncWorker {
    let queue: any JobLeasing
    let directory: any UserDirectory
    let breaker: CircuitBreaker
    let closer: JobCloser
    let retry: RetryPolicy
    let clock: WallClock
    let machine: Machine
    let metrics: EngineMetrics
    let logger: Logger
    let alarm: TransitionAlarm
    /// Called when a batch was put off.
    let onPutOff: @Sendable () async -> Void

    init(
        queue: any JobLeasing, directory: any UserDirectory, breaker: CircuitBreaker, closer: JobCloser, retry: RetryPolicy,
        clock: WallClock, machine: Machine, metrics: EngineMetrics, logger: Logger,
        alarm: TransitionAlarm, onPutOff: @escaping @Sendable () async -> Void
    ) {
        self.queue = queue
        self.directory = directory
        self.breaker = breaker
        self.closer = closer
        self.retry = retry
        self.clock = clock
        self.machine = machine
        self.metrics = metrics
        self.logger = logger
        self.alarm = alarm
        self.onPutOff = onPutOff
    }

    /// Applies a commit group and ends its batches.
    /// - Parameters:
    ///   - closeEarly: true once another tenant waits (or the process is stopping): the commit closes at the next batch boundary.
    ///   - applied: called right after the commit with the number of batches in it, so that the tenants' next batches can be
    ///     leased while the results are still being written to the queue.
    func work(_ group: CommitGroup, closeEarly: @escaping @Sendable () -> Bool, applied: @Sendable (Int) async -> Void) async {
        guard !group.isLate(by: clock) else {
            // It waited too long for a worker.
            await queue.release(group.leases(after: 0))
            return await applied(0)
        }
        let outcomes: [BatchApplied]
        do throws(DirectoryError) {
            outcomes = try await apply(group.batches) { [clock] in group.isLate(by: clock) || closeEarly() }
        } catch {
            switch error {
            case .unavailable(let text), .unusable(let text):
                // In this order: what is given back must not be leased again at once.
                await breaker.trip(text, in: .batches(of: group.tenants))
                await queue.release(group.leases(after: 0))
                await applied(0)
            case .transient(let text):
                await isolate(group, groupError: text)
                await applied(0)
            }
            return
        }
        let done = Array(group.batches.prefix(outcomes.count))
        let left = group.leases(after: done.count)
        if !left.isEmpty { await queue.release(left) }
        await queue.unlock(done.map(\.lease))
        await applied(done.count)
        await finish(done, as: outcomes)
    }

    /// Applies batches and returns the outcomes of a prefix of them. An answer about other batches counts as a failed attempt.
    func apply(
        _ batches: [LeasedBatch], closeEarly: @escaping @Sendable () -> Bool
    ) async throws(DirectoryError) -> [BatchApplied] {
        let outcomes = try await directory.apply(batches.map { BatchWork($0) }, closeEarly: closeEarly)
        let isTheirs = zip(batches, outcomes).allSatisfy { $0.jobID == $1.jobID && $0.number == $1.number }
        guard isTheirs, outcomes.count <= batches.count else {
            let names = batches.map { "\($0.jobID.text)/\($0.number)" }.joined(separator: " ")
            alarm.report(ImpossibleTransition(.batch, names, in: "leased", met: "an outcome of another batch"))
            throw .transient("The directory answered for other batches")
        }
        if await breaker.stage == .trial {
            // If there is no outcome, a last pass has gone on.
            await breaker.worked(.batches(of: Set(batches.prefix(max(1, outcomes.count)).map(\.tenantID))))
        }
        return outcomes
    }

    /// Ends batches with the directory's outcomes.
    func finish(_ batches: [LeasedBatch], as outcomes: [BatchApplied]) async {
        await finish(zip(batches, outcomes).map { FinishedBatch($0, $1) })
    }

    /// Writes results to the queue; jobs without open batches then end, in the same commit or soon after.
    func finish(_ batches: [FinishedBatch]) async {
        let now = clock.now()
        let endings = closer.endings.prepared(for: batches)
        let written = await persistently { try await self.queue.finish(batches, now: now, ending: { endings.ending(of: $0) }) }
        switch written {
        case .done(let finished):
            metrics.count(await withoutLost(batches, finished.lost))
            await closer.close(finished)
        case .refused(let text):
            // A failure of one batch must not affect the others.
            guard batches.count == 1, var batch = batches.first else {
                for batch in batches { await finish([batch]) }
                return
            }
            guard batch.endsJob else { return await refused(batch, error: text) }
            logger.error("job's end refused", metadata: ["error": .string(text)])
            batch.endsJob = false
            await finish([batch])
        case .leaseLost, .stopped:
            // The ledger holds the results for the next start.
            await queue.release(batches.map(\.batch.lease))
        }
    }

    /// Counts, logs and gives back the leases that `finish` could not write under. The ledger keeps their batches' results, for
    /// whoever holds these now.
    /// - Returns: the batches that were written.
    private func withoutLost(_ batches: [FinishedBatch], _ lost: [LeaseID]) async -> [FinishedBatch] {
        guard !lost.isEmpty else { return batches }
        let gone = Set(lost)
        metrics.lost(leases: gone.count)
        for finished in batches where gone.contains(finished.batch.lease) {
            logger.notice(
                "lease lost, nothing changed",
                metadata: ["job": .string(finished.batch.jobID.text), "batch": .stringConvertible(finished.batch.number)])
        }
        await queue.release(lost)
        return batches.filter { !gone.contains($0.batch.lease) }
    }

    /// The outcome of a write to the queue.
    enum Written<T: Sendable> {
        case done(T)
        /// The lease was no longer held; nothing changed. (`finish` names those that were lost, and writes the others.)
        case leaseLost
        /// The queue already has it, cannot hold it or meets damage in it; repeating the write does not help.
        case refused(String)
        /// The process is stopping.
        case stopped
    }

    /// Repeats a write while the queue cannot be written; the directory's ledger holds the results meanwhile.
    func persistently<T: Sendable>(_ write: @Sendable () async throws -> T) async -> Written<T> {
        var delay = 0.05
        while true {
            do {
                return .done(try await write())
            } catch QueueError.leaseLost {
                logger.notice("lease lost, nothing changed")
                metrics.lost(leases: 1)
                return .leaseLost
            } catch QueueError.refused(let text), QueueError.damaged(let text) {
                return .refused(text)
            } catch {
                // The queue itself logs once that it cannot be written.
                logger.debug("queue cannot be written", metadata: ["error": .string("\(error)")])
                guard !Task.isCancelled else { return .stopped }
                try? await machine.sleep(for: .seconds(delay))
                delay = min(delay * 2, 5)
            }
        }
    }
}

extension BatchWork {
    init(_ batch: LeasedBatch) {
        self.init(
            jobID: batch.jobID, number: batch.number, tenantID: batch.tenantID, operation: batch.operation,
            syncTime: batch.syncTime, isLastPass: batch.pass == .conflicts, isWholeJob: batch.isWholeJob, payload: batch.payload)
        isRetry = batch.isRetry
        carriedIDs = batch.carriedIDs
    }
}

extension FinishedBatch {
    init(_ batch: LeasedBatch, _ applied: BatchApplied) {
        guard !applied.isTombstone else {
            // Its attempts were exhausted in an earlier life of the process, which ended before the queue knew. (Nothing is
            // leased of a job being cancelled.)
            self.init(batch: batch, users: BatchApplied(givenUp: BatchWork(batch), error: nil).users)
            return
        }
        self.init(batch: batch, users: applied.users, deferred: applied.deferred)
        endsJob = applied.jobLog == .written
    }
}
