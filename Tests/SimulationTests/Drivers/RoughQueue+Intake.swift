import JobQueue
import SyncModel
import Synchronization

extension RoughQueue {
    private var isShared: Bool { weather.scenario.driver == .memory }

    func claim(tenantID: TenantID, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim {
        // A claim that a process keeps in its memory loses no answer.
        return try await call(nil, isShared ? .write : .read) {
            try await base.claim(tenantID: tenantID, path: path, key: key, now: now)
        } told: { answer in
            note("\(tenantID) claims \(key): \(word(for: answer))")
            let time = clock.now()
            let end = isShared ? time.advanced(bySeconds: KeyClaim.lifetime) : nil
            monitor.requests {
                $0.answered(answer, WatchedRequests.Key(key), in: weather.life, at: time, end: end)
            }
        }
    }
    func renewClaim(_ claim: KeyClaim, now: Timestamp) async throws {
        try await watched(claim, nil) {
            try await call("renew \(claim.key)", .write) {
                try await base.renewClaim(claim, now: now)
            } told: {
                guard isShared else { return }
                let end = clock.now().advanced(bySeconds: KeyClaim.lifetime)
                monitor.requests { requests in
                    requests.renewed(claim, until: end)
                    return nil
                }
            }
        }
    }
    func releaseClaim(_ claim: KeyClaim) async {
        await weather.pass()
        await base.releaseClaim(claim)
        guard !weather.executor.isDead, !isClosed.load(ordering: .acquiring) else { return }
        note("release \(claim.key)")
        monitor.requests { requests in
            requests.released(claim)
            return nil
        }
    }

    func tenant(named name: TenantID) async throws -> TenantID {
        try await call(nil, .read) { try await base.tenant(named: name) }
    }
    func unasked(_ names: TenantNames) async throws -> [TenantID] { try await call(nil, .read) { try await base.unasked(names) } }

    func aliases(of tenant: TenantID?, limit: Int, cursor: String?) async throws -> Page<TenantAlias> {
        try await base.aliases(of: tenant, limit: limit, cursor: cursor)
    }
    func setAlias(_ alias: TenantID, of tenant: TenantID, hasUsers: Bool, now: Timestamp) async throws -> AliasChange {
        try await base.setAlias(alias, of: tenant, hasUsers: hasUsers, now: now)
    }
    func hasJobs(_ name: TenantID) async throws -> Bool { try await base.hasJobs(name) }
    func forgetAlias(_ alias: TenantID) async throws -> TenantAlias? { try await base.forgetAlias(alias) }

    func beginMerge(of alias: TenantID, into tenant: TenantID, now: Timestamp) async throws -> MergeStart {
        try await call("merge \(alias) into \(tenant)", .write) {
            try await base.beginMerge(of: alias, into: tenant, now: now)
        } told: { start in
            if case .begun(let merge) = start { monitor.began(merge) }
        }
    }
    func merge(_ id: Int64) async throws -> TenantMerge? { try await base.merge(id) }
    func merges(limit: Int, cursor: String?) async throws -> Page<TenantMerge> {
        try await base.merges(limit: limit, cursor: cursor)
    }
    func openMerges() async throws -> [TenantMerge] {
        try await call(nil, .read) {
            try await base.openMerges()
        } told: {
            monitor.areOpen($0)
        }
    }
    func startMoving(_ id: Int64) async throws -> Bool {
        try await call(nil, .write) { try await base.startMoving(id) }
    }
    func endMoving(_ id: Int64, moved: Int, joined: Int, now: Timestamp) async throws {
        try await call("merge \(id) has moved", .write) {
            try await base.endMoving(id, moved: moved, joined: joined, now: now)
        }
    }
    func settleMerge(_ id: Int64, limit: Int, now: Timestamp) async throws -> Bool {
        try await call("merge \(id) settles", .write) {
            try await base.settleMerge(id, limit: limit, now: now)
        } told: { isOver in
            if isOver { monitor.ended(merge: id) }
        }
    }
    func refuseMerge(_ id: Int64, because error: String, now: Timestamp) async throws {
        try await call("merge \(id) is refused", .write) {
            try await base.refuseMerge(id, because: error, now: now)
        } told: {
            monitor.ended(merge: id)
        }
    }
    func cancelMerge(_ id: Int64, now: Timestamp) async throws -> TenantMerge? {
        try await call("merge \(id) is cancelled", .write) {
            try await base.cancelMerge(id, now: now)
        } told: { merge in
            if merge?.state == .cancelled { monitor.ended(merge: id) }
        }
    }

    func admission() -> Admission { base.admission() }
    var isWritable: Bool { get async { await base.isWritable } }

    func openUpload() async throws -> UploadID {
        try await call("open an upload", isShared ? .write : .read) {
            try await base.openUpload()
        } told: {
            grew($0)
        }
    }
    func append(_ batches: [NewBatch], to upload: UploadID) async throws {
        try await watched(nil, upload) {
            try await call("append", .write) {
                try await base.append(batches, to: upload)
            } told: {
                grew(upload)
            }
        }
    }
    func discard(_ upload: UploadID) async {
        await weather.pass()
        await base.discard(upload)
        guard !weather.executor.isDead else { return }
        note("discard")
        settled(upload)
    }

    func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job {
        // A job that was accepted before is refused, whatever becomes of its upload.
        let isNew = monitor.job(job.id)?.isAcknowledged == false
        return try await watched(job.idempotency?.claim, isNew ? upload : nil) {
            try await call("accept \(name(job.id))", .write) {
                try await base.accept(job, upload: upload, batches: batches)
            } told: { accepted in
                monitor.acknowledged(accepted.id)
                if let upload { settled(upload) }
                guard let key = job.idempotency else { return }
                let now = clock.now()
                monitor.requests { $0.accepted(accepted.id, under: key, at: now) }
            }
        }
    }

    // MARK: Watching

    private func word(for answer: IdempotencyClaim) -> String {
        switch answer {
        case .claimed: "its own"
        case .arriving: "arriving"
        case .known(let job, _): "known, \(name(job))"
        }
    }

    private func grew(_ upload: UploadID) {
        let now = clock.now()
        monitor.requests { requests in
            requests.grew(upload, in: weather.life, at: now)
            return nil
        }
    }

    private func settled(_ upload: UploadID) {
        monitor.requests { requests in
            requests.settled(upload)
            return nil
        }
    }

    /// A claim that is said to be lost, or an upload that is unknown, is held to what was told of it.
    private func watched<T: Sendable>(_ claim: KeyClaim?, _ upload: UploadID?, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            guard !weather.executor.isDead else { throw error }
            let now = clock.now()
            switch error as? QueueError {
            case .claimLost: if let claim { monitor.requests { $0.lost(claim, at: now) } }
            case .refused:
                if let upload { monitor.requests { $0.refused(upload, at: now, pause: weather.scenario.uploadPause) } }
            default: break
            }
            throw error
        }
    }
}
