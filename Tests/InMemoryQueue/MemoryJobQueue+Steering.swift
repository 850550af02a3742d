package import JobQueue
package import SyncModel

extension MemoryJobQueue {
    package func requestCancel(_ id: JobID, now: Timestamp) async throws -> CancelRequest {
        try change { state in
            guard let at = state.disk.index(of: id) else { return .unknown }
            guard !state.disk.entries[at].job.state.isEnd else { return .ended(state.disk.entries[at].job) }
            state.disk.entries[at].job.cancelRequested = true
            state.disk.entries[at].isHeld = false
            let isLastPass = state.disk.entries[at].isInLastPass
            if !isLastPass { state.disk.entries[at].cancelDeferred() }
            state.disk.entries[at].backoff = nil
            let held = state.heldNumbers(id)
            state.refresh(state.disk.entries[at].job.tenantID, now: now)
            let (job, open) = (state.disk.entries[at].job, state.disk.entries[at].openBatches)
            guard isLastPass else { return .requested(job, unstarted: open.filter { !held.contains($0) }) }
            return held.isEmpty ? .requestedInLastPass(job, unstarted: open) : .requested(job, unstarted: [])
        }
    }

    package func drop(
        _ job: JobID, batches: [Int], applied: [Int: [AppliedUser]], settledAhead: [AppliedUser]?, now: Timestamp
    ) async throws -> Job? {
        let ahead = Dictionary((settledAhead ?? []).map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
        return try change { state in
            guard let at = state.disk.index(of: job) else { return nil }
            if state.disk.entries[at].isCancelling {
                let held = state.heldNumbers(job)
                var free = Set(batches).intersection(state.disk.entries[at].openBatches).subtracting(held)
                if settledAhead != nil, held.isEmpty {
                    let before = state.disk.entries[at].batches.count
                    state.cutDeferred(at, upTo: state.disk.entries[at].deferred.count) { ahead[$0] != nil }
                    free.formUnion(before..<state.disk.entries[at].batches.count)
                    state.disk.entries[at].cancelDeferred()
                }
                for number in free.sorted() { state.drop(at, number, applied[number], ahead) }
                state.refresh(state.disk.entries[at].job.tenantID, now: now)
            }
            return state.disk.entries[at].isEndable ? state.disk.entries[at].job : nil
        }
    }

    package func cancelling(limit: Int) async throws -> [JobID] {
        try look { state in
            let found = state.disk.entries.filter { entry in
                let held = state.heldNumbers(entry.job.id).count
                return entry.isCancelling && (entry.isInLastPass ? held == 0 : entry.openBatches.count > held)
            }
            return Array(found.prefix(limit).map(\.job.id))
        }
    }

    package func retryFailed(
        of id: JobID, as newID: JobID, requestID: String, now: Timestamp
    ) async throws -> RetryRequest {
        try change { state in
            guard let entry = state.disk.index(of: id).map({ state.disk.entries[$0] }) else { return .unknown }
            let job = entry.job
            guard job.state.isEnd else { return .open(job) }
            if let open = state.disk.entries.last(where: { $0.job.retryOf == id && !$0.job.state.isEnd }) {
                return .linked(open.job, existing: true)
            }
            let records = entry.batches.filter { $0.end == .applied }.flatMap(\.failed).sorted { $0.index < $1.index }
            guard !records.isEmpty else { return .nothingFailed(job) }
            var new = NewJob(
                id: newID, operation: job.operation, tenantID: job.sentTenantID, tenantName: job.tenantName, source: job.source,
                syncTime: job.syncTime, acceptedAt: now, totalUsers: records.count, requestID: requestID)
            (new.callbackURL, new.traceparent, new.syncType) = (job.callbackURL, job.traceparent, job.syncType)
            (new.reason, new.retryOf, new.retriedTenantID) = (job.reason, job.id, job.tenantID)
            return .linked(
                try state.accept(new, upload: nil, batches: records.reindexed.batches, now: now), existing: false)
        }
    }

    // MARK: Keeping house

    package func checkpoint() async {}

    package func makeRoom() async -> Bool { false }

    package func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) async throws -> Int {
        try change { state in
            let open = Set(state.disk.posted.filter { $0.delivery.state == .pending }.compactMap(\.delivery.what.jobID))
            let old = state.disk.entries.filter { entry in
                !entry.isLedgered && state.disk.readers[entry.job.id] == nil && !open.contains(entry.job.id)
                    && (entry.job.endedAt.map { $0 < jobsBefore } ?? false)
            }
            let gone = Set(
                old.sorted { ($0.job.endedAt ?? jobsBefore) < ($1.job.endedAt ?? jobsBefore) }.prefix(limit).map(\.job.id))
            state.disk.entries.removeAll { gone.contains($0.job.id) }
            state.disk.posted.removeAll { posted in
                posted.delivery.what.jobID.map { gone.contains($0) }
                    ?? (posted.delivery.createdAt < jobsBefore && posted.delivery.state != .pending)
            }
            state.disk.keys = state.disk.keys.filter { $0.value.at >= keysBefore }
            state.disk.destinations = state.disk.destinations.filter { $0.value.learntAt >= jobsBefore }
            return gone.count
        }
    }

    package func discardAbandonedUploads(before: Timestamp) async throws -> Int {
        try change { state in
            let count = state.disk.uploads.count
            state.disk.uploads = state.disk.uploads.filter { $0.value.grewAt >= before }
            return count - state.disk.uploads.count
        }
    }

    package func endedWithLedger(endedBefore: Timestamp, limit: Int) async throws -> [JobID] {
        try look { state in
            let ended = state.disk.entries.filter { $0.isLedgered && $0.job.endedAt.map { $0 < endedBefore } ?? false }
            return Array(ended.prefix(limit).map(\.job.id))
        }
    }

    package func ledgerForgotten(_ jobs: [JobID]) async throws {
        try change { state in
            for job in jobs {
                guard let at = state.disk.index(of: job) else { continue }
                let entry = state.disk.entries[at]
                if entry.job.state.isEnd {
                    state.disk.entries[at].isLedgered = false
                } else {
                    let phase = entry.isEndable ? "endable" : entry.isCancelling ? "cancelling" : "working"
                    state.impossible.append(ImpossibleTransition(.job, job.text, in: phase, met: "ledgerForgotten"))
                }
            }
        }
    }
}
