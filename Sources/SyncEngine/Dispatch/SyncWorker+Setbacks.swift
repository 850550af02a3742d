import JobQueue
import Logging
import ServiceSupport
import SyncModel
import UserDirectory

/// Handles batches that cannot be ended normally.
extension SyncWorker {
    /// The queue refused results: that counts as an attempt, and the next one reads the ledger again. After the last attempt the
    /// batch ends anyway, with as much as can be written, and its tenant goes on.
    func refused(_ finished: FinishedBatch, error: String) async {
        let batch = finished.batch
        let attempt = batch.attempts.saturatingAdd(1)
        logger.error(
            "results refused by the queue",
            metadata: [
                "job": .string(batch.jobID.text), "batch": .stringConvertible(batch.number),
                "attempt": .stringConvertible(attempt), "error": .string(error),
            ])
        if let delay = retry.delay(afterAttempt: attempt, random: machine.random()) {
            return await setAside(batch, until: clock.now().advanced(bySeconds: delay), error: error)
        }
        // What the directory applied stays applied, however much of it can be reported: at least its users are counted. The
        // records of failed users are kept with their results for a retry, if that can be written.
        for kept in [finished.failed.union(finished.deferred), finished.deferred] {
            switch await write(finished.keeping(kept)) {
            case .done(let endable):
                metrics.count([finished])
                return await closer.close(endable)
            case .leaseLost, .stopped: return await queue.release([batch.lease])
            case .refused: continue
            }
        }
        await setAside(batch, until: clock.now().advanced(bySeconds: retry.cap), error: error)
    }

    /// Ends a batch with part of its results.
    private func write(_ finished: FinishedBatch) async -> Written<[Job]> {
        let now = clock.now()
        return await persistently { try await self.queue.finish([finished], now: now) }
    }

    /// Puts a batch off, counting an attempt.
    private func setAside(_ batch: LeasedBatch, until moment: Timestamp, error: String) async {
        let now = clock.now()
        switch await persistently({ try await self.queue.retry(batch.lease, at: moment, error: error, now: now) }) {
        case .done: await onPutOff()
        case .leaseLost, .stopped: await queue.release([batch.lease])
        case .refused(let text):
            logger.error(
                "batch cannot be put off",
                metadata: [
                    "job": .string(batch.jobID.text), "batch": .stringConvertible(batch.number), "error": .string(text),
                ])
            // If given back at once, it would be leased again at once. Nothing waits for it, and its worker serves others
            // meanwhile.
            machine.detach { [machine, queue, retry] in
                try? await machine.sleep(for: .seconds(retry.cap))
                await queue.release([batch.lease])
            }
        }
    }

    /// A commit of several batches failed: each is attempted by itself, so that one does not cost the others an attempt.
    /// A tenant's batches stay in order: once one of them is put off, its later ones are given back untouched. So are all that are
    /// left once the directory is away or the leases are over.
    func isolate(_ group: CommitGroup, groupError: String) async {
        var held: Set<TenantID> = []
        for (at, batch) in group.batches.enumerated() {
            guard await !breaker.isTripped else { return await queue.release(group.batches[at...].map(\.lease)) }
            defer { group.leases?.letGo(batch.lease) }
            if held.contains(batch.tenantID) || group.isLate(by: clock) {
                await queue.release([batch.lease])
                continue
            }
            do throws(DirectoryError) {
                if group.batches.count == 1 { throw DirectoryError.transient(groupError) }
                let outcome = try await apply([batch], closeEarly: { false })
                guard !outcome.isEmpty else {
                    // Its last pass continues in the next commit group.
                    held.insert(batch.tenantID)
                    await queue.release([batch.lease])
                    continue
                }
                // The tenant's later jobs must wait for the last pass of this one.
                if outcome.contains(where: { !$0.deferred.isEmpty }) { held.insert(batch.tenantID) }
                group.leases?.startEnding(batch.lease)
                await finish([batch], as: outcome)
            } catch {
                held.insert(batch.tenantID)
                guard case .transient(let text) = error else {
                    await breaker.trip(error.description, in: .batches(of: [batch.tenantID]))
                    await queue.release([batch.lease])
                    continue
                }
                await putOff(batch, of: group, error: text)
            }
        }
    }

    private func putOff(_ batch: LeasedBatch, of group: CommitGroup, error: String) async {
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
            group.leases?.startEnding(batch.lease)
            return await setAside(batch, until: now.advanced(bySeconds: delay), error: error)
        }
        // The attempts are exhausted; but that is for whoever holds the batch to say.
        guard !group.isLate(by: clock) else { return await queue.release([batch.lease]) }
        // In the directory first: a late worker will then find the batch ended.
        do throws(DirectoryError) {
            let ended = try await directory.giveUp(BatchWork(batch), error: error)
            group.leases?.startEnding(batch.lease)
            await finish([batch], as: [ended])
        } catch {
            if case .transient(let text) = error {
                // Not the directory, this batch.
                group.leases?.startEnding(batch.lease)
                return await setAside(batch, until: clock.now().advanced(bySeconds: retry.cap), error: text)
            }
            await breaker.trip(error.description, in: .batches(of: [batch.tenantID]))
            await queue.release([batch.lease])
        }
    }
}

extension FinishedBatch {
    /// Indices of the users that failed.
    fileprivate var failed: Set<UInt32> { Set(users.lazy.filter { $0.outcome == .failed }.map(\.index)) }

    /// The same with the records, and so the results, of only these users. All users are counted.
    fileprivate func keeping(_ indices: Set<UInt32>) -> FinishedBatch {
        var smaller = self
        smaller.batch.payload = batch.payload.keeping(indices)
        smaller.lostResults = users.count - max(0, smaller.batch.payload.count - deferred.count)
        return smaller
    }
}
