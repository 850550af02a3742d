import SQLiteSupport
import ServiceSupport
import SyncModel
import UserDirectory

/// Reads the table of users beside the connection that writes it: whoever asks does not wait for commits, nor in an outage for the calls
/// that try the file. Opened for each question, as questions are rare; on a queue of its own, as a disk may hang.
actor UsersReader {
    private let path: String
    private let executor = SerialQueueExecutor(label: "usersync.directory.questions")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String) { self.path = path }

    /// - Parameters:
    ///   - now: the time of the merge.
    ///   - retention: how long an early removal is remembered, in seconds.
    func previewMerge(
        of tenantID: TenantID, into target: TenantID, scope: EmailScope, now: Timestamp, retention: Double
    ) throws(DirectoryError) -> UserMerge {
        do {
            return try DatabaseFile.readBeside(path) { connection in
                // Goes through all users of a tenant several times.
                try SQLStatement(connection, "PRAGMA cache_size = -\(FileScale.large.cacheKiB)").run()
                return try MergePlan(connection, tenantID, into: target, scope: scope, now: now, retention: retention).make()
            }
        } catch {
            throw DirectoryError(error)
        }
    }

    func hasUsers(of tenantID: TenantID) throws(DirectoryError) -> Bool {
        do {
            return try DatabaseFile.readBeside(path) { connection in
                try [MergeSQL.anyUser, SQLiteEarlyRemovals.anyOfTenant].contains { sql in
                    try SQLStatement(connection, sql).first(.text(tenantID.text)) { _ in true } ?? false
                }
            }
        } catch {
            throw DirectoryError(error)
        }
    }
}
