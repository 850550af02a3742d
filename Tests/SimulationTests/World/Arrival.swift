import JobQueue
import SyncModel

/// One request as the process that it reaches receives it: the way of its intake, by the same calls of the queue.
struct Arrival: Sendable {
    enum Answer: Sendable {
        case accepted(JobID)
        /// A job was accepted under its key before, from the same body or another.
        case known(JobID, isSame: Bool)
        case arriving
    }

    private struct ConnectionBroke: Error {}

    var job: NewJob
    let batches: [NewBatch]
    let request: Scenario.Request
    let key: String?
    /// Tells its body from others.
    let body: UInt8
    /// Whether what is to happen once happens to it.
    let isFirst: Bool

    func arrive(at queue: RoughQueue) async throws -> Answer {
        guard let key else { return try await receive(nil, queue) }
        let claim = try await queue.claim(tenantID: job.tenantID, path: "/sync", key: key, now: queue.clock.now())
        switch claim {
        case .arriving: return .arriving
        case .known(let job, let bodyHash): return .known(job, isSame: bodyHash == [body])
        case .claimed(let claim): return try await receive(claim, queue)
        }
    }

    private func receive(_ claim: KeyClaim?, _ queue: RoughQueue) async throws -> Answer {
        var upload: UploadID?
        do {
            for (number, batch) in batches.enumerated() {
                try await waitForPart(number, claim, queue)
                guard request.isUpload else { continue }
                let into: UploadID
                if let upload { into = upload } else { into = try await queue.openUpload() }
                upload = into
                try await queue.append([batch], to: into)
            }
            try await waitForPart(batches.count, claim, queue)
            // A process that stands still does so without knowing.
            if isFirst, let time = request.freezes {
                try await queue.weather.sleep(.seconds(KeyClaim.lifetime + Double(time)))
            }
            var job = job
            job.idempotency = claim.map { NewJob.Idempotency(claim: $0, bodyHash: [body]) }
            return .accepted(try await queue.accept(job, upload: upload, batches: request.isUpload ? [] : batches).id)
        } catch {
            if let upload { await queue.discard(upload) }
            if let claim { await queue.releaseClaim(claim) }
            throw error
        }
    }

    private func waitForPart(_ number: Int, _ claim: KeyClaim?, _ queue: RoughQueue) async throws {
        try await queue.weather.sleep(.milliseconds(request.pause))
        if isFirst, request.breaksAt == number { throw ConnectionBroke() }
        if let claim, number > 0 { try await queue.renewClaim(claim, now: queue.clock.now()) }
    }
}
