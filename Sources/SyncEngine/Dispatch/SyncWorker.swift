import JobQueue
import Logging
import SyncModel
import UserDirectory

/// Carries one turn at a time from the queue to the directory and its results back.
actor SyncWorker {
    private let queue: any JobQueue
    private let directory: any UserDirectory
    private let gate: DirectoryGate
    private let closer: JobCloser
    private let retry: RetryPolicy
    private let clock: WallClock
    private let machine: Machine
    private let metrics: EngineMetrics
    private let logger: Logger
    /// Told when a batch was put off.
    private let onPutOff: @Sendable () async -> Void

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
    private func finish(_ batches: [LeasedBatch], as outcomes: [BatchApplied], areLogged: Bool = true) async {
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
    private func finish(_ batches: [FinishedBatch], areLogged: Bool) async {
        metrics.count(batches)
        await write(batches, areLogged: areLogged)
    }

    private func write(_ batches: [FinishedBatch], areLogged: Bool) async {
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
            if !finished.ended.isEmpty { await closer.ended(finished.ended) }
            if !finished.endable.isEmpty { await closer.close(finished.endable) }
        case .leaseLost, .refused:
            // What one of them met is not the others' fault.
            if batches.count > 1 {
                for batch in batches { await write([batch], areLogged: areLogged) }
            } else if case .refused(let text) = written, areLogged, !whole.isEmpty {
                logger.error("job's end refused", metadata: ["error": .string(text)])
                await write(batches, areLogged: false)
            } else if let batch = batches.first?.batch {
                await giveUp(batch, written)
            }
        case .stopped:
            // The ledger holds the results for the next life.
            await queue.release(batches.map(\.batch.lease))
        }
    }

    /// What cannot be written for a batch is not tried for ever, and holds nobody up: it is asked of the directory's ledger again.
    private func giveUp(_ batch: LeasedBatch, _ written: Written<FinishedJobs>) async {
        guard case .refused(let text) = written else { return await queue.release([batch.lease]) }
        logger.error(
            "results refused by the queue",
            metadata: [
                "job": .string(batch.jobID.text), "batch": .stringConvertible(batch.number), "error": .string(text),
            ])
        await setAside(batch, until: clock.now().advanced(bySeconds: retry.cap), error: text)
    }

    /// Puts a batch off, counting a try.
    private func setAside(_ batch: LeasedBatch, until moment: Timestamp, error: String) async {
        let now = clock.now()
        let written = await persistently { try await self.queue.retry(batch.lease, at: moment, error: error, now: now) }
        if case .done = written { await onPutOff() } else { await queue.release([batch.lease]) }
    }

    /// A commit of several batches failed: each is tried alone, so that one does not cost the others an attempt.
    /// A tenant's batches stay in order: after one of them is put off, its later ones go back untouched.
    private func isolate(_ turn: Turn, groupError: String) async {
        var held: Set<TenantID> = []
        for batch in turn.batches {
            if held.contains(batch.tenantID) {
                await queue.release([batch.lease])
                continue
            }
            do throws(DirectoryError) {
                if turn.batches.count == 1 { throw DirectoryError.transient(groupError) }
                let outcome = try await directory.apply([BatchWork(batch)], closeEarly: { false })
                guard !outcome.isEmpty else {
                    // Its last pass goes on with the next turn.
                    held.insert(batch.tenantID)
                    await queue.release([batch.lease])
                    continue
                }
                // The tenant's later jobs come after the last pass of this one.
                if outcome.contains(where: { !$0.deferred.isEmpty }) { held.insert(batch.tenantID) }
                await finish([batch], as: outcome)
            } catch {
                held.insert(batch.tenantID)
                guard case .transient(let text) = error else {
                    await queue.release([batch.lease])
                    await gate.close(error.text)
                    continue
                }
                await putOff(batch, error: text)
            }
        }
    }

    private func putOff(_ batch: LeasedBatch, error: String) async {
        let attempt = batch.attempts.saturatingAdd(1)
        let now = clock.now()
        logger.warning(
            "batch failed",
            metadata: [
                "job": .string(batch.jobID.text), "batch": .stringConvertible(batch.number),
                "attempt": .stringConvertible(attempt),
                "error": .string(error),
            ])
        if let delay = retry.delay(afterAttempt: attempt, random: machine.random()) {
            return await setAside(batch, until: now.advanced(bySeconds: delay), error: error)
        }
        // The tries are spent. In the directory first: should a late worker come, it finds the batch ended.
        do throws(DirectoryError) {
            let ended = try await directory.giveUp(BatchWork(batch), error: error)
            await finish([batch], as: [ended], areLogged: false)
        } catch {
            await queue.release([batch.lease])
            await gate.close(error.text)
        }
    }

    /// What became of a write to the queue.
    private enum Written<T: Sendable> {
        case done(T)
        /// A lease was held no more; nothing changed.
        case leaseLost
        /// The queue holds it already or cannot hold it; trying again does not help.
        case refused(String)
        /// The process stops.
        case stopped
    }

    /// Repeats a write to the queue while the queue cannot be written: the directory's ledger holds the results meanwhile.
    private func persistently<T: Sendable>(_ write: @Sendable () async throws -> T) async -> Written<T> {
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
