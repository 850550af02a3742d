import JobQueue
import SyncModel

/// Idempotency keys and uploads of a world, as the store has them: held to what it answers.
struct WatchedRequests: Sendable {
    struct Key: Hashable, Comparable {
        /// Another one for each job, whose tenant may be merged into another.
        var key: String

        init(_ key: String) { self.key = key }
        init(_ claim: KeyClaim) { self.init(claim.key) }

        static func < (a: Key, b: Key) -> Bool { a.key < b.key }
    }

    /// The tenant as the queue knew it then: a request that claimed a key before its tenant became another's does not keep others from
    /// claiming it there. Of them, one is accepted.
    private struct Claimed: Hashable {
        var tenantID: TenantID
        var key: Key

        init(_ claim: KeyClaim) { (tenantID, key) = (claim.tenantID, Key(claim)) }
    }

    private struct Claim {
        var token: Int64
        var life: Int
        /// `nil`: the end of its process.
        var end: Timestamp?

        func isHeld(at now: Timestamp) -> Bool { end.map { $0 > now } ?? true }
    }

    private struct Upload {
        var life: Int
        var grewAt: Timestamp
    }

    private var claims: [Claimed: Claim] = [:]
    private var accepted: [Key: (job: JobID, bodyHash: [UInt8])] = [:]
    private var uploads: [UploadID: Upload] = [:]
    /// The jobs that requests with a key would have made.
    private(set) var attempts: [Key: [JobID]] = [:]

    mutating func tries(_ job: JobID, under key: Key) { attempts[key, default: []].append(job) }

    // MARK: Keys

    /// The queue answered a claim.
    /// - Parameter end: when a claim ends by itself.
    mutating func answered(_ answer: IdempotencyClaim, _ key: Key, in life: Int, at now: Timestamp, end: Timestamp?) -> String? {
        switch answer {
        case .claimed(let claim):
            defer { claims[Claimed(claim)] = Claim(token: claim.token, life: life, end: end) }
            if accepted[key] != nil { return "a key is free though a job was accepted under it" }
            return claims[Claimed(claim)]?.isHeld(at: now) ?? false ? "a key is claimed twice at a time" : nil
        case .arriving:
            let isHeld = claims.contains { $0.key.key == key && $0.value.isHeld(at: now) }
            return isHeld ? nil : "a request is still arriving that nobody sends"
        case .known(let job, let bodyHash):
            if let known = accepted[key], known != (job, bodyHash) { return "a replay names another job" }
            accepted[key] = (job, bodyHash)
            return nil
        }
    }

    mutating func renewed(_ claim: KeyClaim, until end: Timestamp) {
        if claims[Claimed(claim)]?.token == claim.token { claims[Claimed(claim)]?.end = end }
    }

    mutating func released(_ claim: KeyClaim) {
        if claims[Claimed(claim)]?.token == claim.token { claims[Claimed(claim)] = nil }
    }

    /// The queue says that a claim is no longer held.
    func lost(_ claim: KeyClaim, at now: Timestamp) -> String? {
        // Somebody who claimed it under the tenant's other name was faster.
        guard accepted[Key(claim)] == nil else { return nil }
        guard let holder = claims[Claimed(claim)], holder.token == claim.token, holder.isHeld(at: now) else { return nil }
        return "a claim is lost before its end"
    }

    mutating func accepted(_ job: JobID, under key: NewJob.Idempotency, at now: Timestamp) -> String? {
        let name = Key(key.claim)
        if let known = accepted[name] { return known.job == job ? nil : "two jobs are accepted under one key" }
        accepted[name] = (job, key.bodyHash)
        guard let holder = claims.removeValue(forKey: Claimed(key.claim)), holder.token == key.claim.token, holder.isHeld(at: now)
        else {
            return "a job is accepted under a claim that is not held"
        }
        return nil
    }

    // MARK: Uploads

    /// An upload was begun, or something appended to it.
    mutating func grew(_ upload: UploadID, in life: Int, at now: Timestamp) { uploads[upload] = Upload(life: life, grewAt: now) }

    /// It became a job, or was discarded.
    mutating func settled(_ upload: UploadID) { uploads[upload] = nil }

    /// The queue says that it knows nothing of it.
    /// - Parameter pause: after how many seconds an upload counts as abandoned.
    func refused(_ upload: UploadID, at now: Timestamp, pause: Double) -> String? {
        guard let known = uploads[upload], now.seconds(since: known.grewAt) < pause else { return nil }
        return "an upload was swept though its caller is there"
    }

    /// A process has ended, and with it those of its claims that do not run out.
    mutating func processEnded(_ life: Int) {
        claims = claims.filter { $0.value.life != life || $0.value.end != nil }
        uploads = uploads.filter { $0.value.life != life }
    }
}
