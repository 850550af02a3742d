import JobQueue
import SyncModel

/// The leases of a world that end by themselves, as the store granted them: held to what processes do under them.
struct WatchedLeases: Sendable {
    struct Batch: Hashable {
        var jobID: JobID
        var number: Int
    }

    private struct Lease {
        var id: LeaseID
        var life: Int
        var end: Timestamp
    }

    /// Of each batch the lease granted last, until it is given back or its batch ends.
    private var last: [Batch: Lease] = [:]
    /// Of each life and batch the same.
    private var own: [Int: [Batch: Lease]] = [:]
    /// When a life was last kept from renewing its leases.
    private var hindered: [Int: Timestamp] = [:]

    mutating func granted(_ leased: [LeasedBatch], to life: Int, at now: Timestamp) -> String? {
        for batch in leased {
            guard let end = batch.expiresAt else { continue }
            let key = Batch(jobID: batch.jobID, number: batch.number)
            if let other = last[key], other.end > now { return "batch \(batch.number) of a job is leased twice at a time" }
            let lease = Lease(id: batch.lease, life: life, end: end)
            last[key] = lease
            own[life, default: [:]][key] = lease
        }
        return nil
    }

    mutating func renewed(_ leases: [LeaseID], of life: Int, until end: Timestamp) {
        let ids = Set(leases)
        for (key, lease) in own[life] ?? [:] where ids.contains(lease.id) {
            own[life]?[key]?.end = max(lease.end, end)
            if last[key]?.id == lease.id { last[key]?.end = max(lease.end, end) }
        }
    }

    /// A life could not renew its leases, or late.
    mutating func hindered(_ life: Int, at now: Timestamp) { hindered[life] = now }

    mutating func gaveBack(_ leases: [LeaseID], of life: Int) {
        let ids = Set(leases)
        for (key, lease) in own[life] ?? [:] where ids.contains(lease.id) {
            own[life]?[key] = nil
            if last[key]?.id == lease.id { last[key] = nil }
        }
    }

    /// A life begins to apply a batch.
    func applies(_ jobID: JobID, _ number: Int, in life: Int, at now: Timestamp) -> String? {
        guard let lease = own[life]?[Batch(jobID: jobID, number: number)], lease.end <= now else { return nil }
        return "batch \(number) of a job is applied under a lease that has run out"
    }

    /// The queue wrote some batches, and says of the others that their leases are lost.
    /// - Parameter seconds: how long a lease lasts.
    mutating func finished(
        _ batches: [LeasedBatch], lost: Set<LeaseID>, of life: Int, at now: Timestamp, seconds: Double
    ) -> String? {
        var broken: String?
        for batch in batches {
            let key = Batch(jobID: batch.jobID, number: batch.number)
            guard batch.expiresAt != nil, let lease = own[life]?[key], lease.id == batch.lease else { continue }
            if !lost.contains(lease.id) {
                if lease.end <= now { broken = "batch \(batch.number) of a job ends under a lease that has run out" }
                if last[key]?.id != lease.id { broken = "batch \(batch.number) of a job ends under a lease of another" }
            } else if lease.end > now {
                broken = "the lease of batch \(batch.number) of a job is lost before its end"
            } else if hindered[life].map({ now.seconds(since: $0) > seconds + 20 }) ?? true {
                broken = "the lease of batch \(batch.number) of a job was not renewed, though nothing was in the way"
            }
        }
        gaveBack(batches.map(\.lease), of: life)
        return broken
    }
}
