import JobQueue
import Logging
import SyncModel
import UserDirectory

/// Carries one turn at a time from the queue to the directory and its results back.
actor SyncWorker {
    let queue: any JobQueue
    let directory: any UserDirectory
    let gate: DirectoryGate
    let closer: JobCloser
    let retry: RetryPolicy
    let clock: WallClock
    let machine: Machine
    let metrics: EngineMetrics
    let logger: Logger
    /// Told when a batch was put off.
    let onPutOff: @Sendable () async -> Void

    init(
        queue: any JobQueue, directory: any UserDirectory, gate: DirectoryGate, closer: JobCloser, retry: RetryPolicy,
        clock: WallClock, machine: Machine, metrics: EngineMetrics, logger: Logger,
        onPutOff: @escaping @Sendable () async -> Void
    ) {
        self.queue = queue
        self.directory = directory
        self.gate = gate
        self.closer = closer
        self.retry = retry
        self.clock = clock
        self.machine = machine
        self.metrics = metrics
        self.logger = logger
        self.onPutOff = onPutOff
    }

    /// Applies a turn and ends its batches.
    /// - Parameters:
    ///   - closeEarly: true once another tenant waits (or the process stops): the commit closes at the next batch boundary.
    ///   - applied: told how many batches the commit took as soon as it stands, so that the tenants' next batches can be
    ///     leased while the results are still being written to the queue.
    func work(_ turn: Turn, closeEarly: @escaping @Sendable () -> Bool, applied: @Sendable (Int) async -> Void) async {
        let outcomes: [BatchApplied]
        do throws(DirectoryError) {
            outcomes = try await directory.apply(turn.batches.map { BatchWork($0) }, closeEarly: closeEarly)
        } catch {
            switch error {
            case .unavailable(let text), .unusable(let text):
                await queue.release(turn.batches.map(\.lease))
                await gate.close(text)
                await applied(0)
            case .transient(let text):
                await isolate(turn, groupError: text)
                await applied(0)
            }
            return
        }
        let done = Array(turn.batches.prefix(outcomes.count))
        let left = turn.batches.dropFirst(outcomes.count).map(\.lease)
        if !left.isEmpty { await queue.release(left) }
        await queue.unlock(done.map(\.lease))
        await applied(done.count)
        await finish(done, as: outcomes)
    }

    /// Ends batches as the directory has it.
    /// - Parameter areLogged: whether `apply` has logged those that are a whole job.
    func finish(_ batches: [LeasedBatch], as outcomes: [BatchApplied], areLogged: Bool = true) async {
        var (applied, spent): ([FinishedBatch], [FinishedBatch]) = ([], [])
        for (batch, outcome) in zip(batches, outcomes) {
            if outcome.isTombstone {
                // Its tries were spent in an earlier life of the process, which ended before the queue knew. (Of a job to be
                // cancelled nothing is leased.)
                spent.append(FinishedBatch(batch, BatchApplied(givenUp: BatchWork(batch), error: nil)))
            } else {
                applied.append(FinishedBatch(batch, outcome))
            }
        }
        if !spent.isEmpty { await finish(spent, areLogged: false) }
        // Where a row was refused, the closer tries again, and ends all of them in their order.
        let areLogged = areLogged && outcomes.allSatisfy { $0.logRefusal == nil }
        if !applied.isEmpty { await finish(applied, areLogged: areLogged) }
    }

    /// Writes results to the queue and ends the jobs that have no open batch left.
    /// - Parameter areLogged: the directory has logged those that are a whole job; they end in the same commit.
    func finish(_ batches: [FinishedBatch], areLogged: Bool) async {
        let (now, endings) = (clock.now(), closer.endings)
        var whole: [JobID: FinishedBatch] = [:]
        if areLogged { for batch in batches where batch.isWholeJob { whole[batch.batch.jobID] = batch } }
        let written = await persistently { [whole] in
            try await self.queue.finish(batches, now: now) { job in
                guard let batch = whole[job.id], !job.cancelRequested else { return nil }
                let results = ResultsBlob(payload: batch.batch.payload, applied: batch.users).decoded()
                return endings.ending(of: job, results: results)
            }
        }
        switch written {
        case .done(let finished):
            metrics.count(batches)
            if !finished.ended.isEmpty { await closer.ended(finished.ended) }
            if !finished.endable.isEmpty { await closer.close(finished.endable) }
        case .leaseLost, .refused:
            // What one of them met is not the others' fault.
            if batches.count > 1 {
                for batch in batches { await finish([batch], areLogged: areLogged) }
            } else if case .refused(let text) = written, areLogged, !whole.isEmpty {
                logger.error("job's end refused", metadata: ["error": .string(text)])
                await finish(batches, areLogged: false)
            } else if case .refused(let text) = written, let batch = batches.first {
                await refused(batch, error: text)
            } else {
                await queue.release(batches.map(\.batch.lease))
            }
        case .stopped:
            // The ledger holds the results for the next life.
            await queue.release(batches.map(\.batch.lease))
        }
    }

    /// What became of a write to the queue.
    enum Written<T: Sendable> {
        case done(T)
        /// A lease was held no more; nothing changed.
        case leaseLost
        /// The queue holds it already or cannot hold it; trying again does not help.
        case refused(String)
        /// The process stops.
        case stopped
    }

    /// Repeats a write to the queue while the queue cannot be written: the directory's ledger holds the results meanwhile.
    func persistently<T: Sendable>(_ write: @Sendable () async throws -> T) async -> Written<T> {
        var delay = 0.05
        while true {
            do {
                return .done(try await write())
            } catch QueueError.leaseLost {
                logger.notice("lease lost, nothing changed")
                return .leaseLost
            } catch QueueError.refused(let text) {
                return .refused(text)
            } catch {
                // The queue itself says once that it cannot be written.
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

extension LeasedBatch {
    /// The one batch of a small job.
    fileprivate var isWholeJob: Bool { number == 0 && pass == .first && payload.count == jobUsers }
}

extension FinishedBatch {
    /// Every user of the job has its outcome here.
    fileprivate var isWholeJob: Bool { batch.isWholeJob && users.count == batch.jobUsers }

    init(_ batch: LeasedBatch, _ applied: BatchApplied) {
        self.init(batch: batch, users: applied.users, deferred: applied.deferred)
    }
}
