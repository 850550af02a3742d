import ServerTestSupport
import SyncModel
import UserDirectory
import UserDirectorySQLite

/// A directory that stands in front of a real one: what it does not say otherwise is the real one's.
protocol DirectoryInFront: UserDirectory {
    var base: SQLiteUserDirectory { get }
}

extension DirectoryInFront {
    var batchesPerCommit: Int { base.batchesPerCommit }
    func prepare() async throws(DirectoryError) { try await base.prepare() }
    func tombstone(_ job: JobID, batches: [Int]) async throws(DirectoryError) -> [Int: BatchApplied] {
        try await base.tombstone(job, batches: batches)
    }
    func settledAhead(of job: JobID) async throws(DirectoryError) -> [AppliedUser] { try await base.settledAhead(of: job) }
    func giveUp(_ batch: BatchWork, error: String) async throws(DirectoryError) -> BatchApplied {
        try await base.giveUp(batch, error: error)
    }
    func log(_ jobs: [SyncLogEntry]) async throws(DirectoryError) { try await base.log(jobs) }
    func forget(_ jobs: [JobID]) async throws(DirectoryError) { try await base.forget(jobs) }
    func hasUsers(of tenantID: TenantID) async throws(DirectoryError) -> Bool { try await base.hasUsers(of: tenantID) }
    func previewMerge(of tenantID: TenantID, into target: TenantID) async throws(DirectoryError) -> UserMerge {
        try await base.previewMerge(of: tenantID, into: target)
    }
    func merge(_ tenantID: TenantID, into target: TenantID, now: Timestamp) async throws(DirectoryError) -> UserMerge {
        try await base.merge(tenantID, into: target, now: now)
    }
    func probe() async throws(DirectoryError) { try await base.probe() }
    func checkpoint() async { await base.checkpoint() }
    func close() async { await base.close() }
}
