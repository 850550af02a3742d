import JobQueue
import JobQueueSQLite
package import SyncModel
package import SyncServer
import TestSupport
import UsersyncApp
@testable import usersync

// States that the server comes into seldom, made in its real queue.
extension TestServer {
    /// Counts a failed try of the tenant's next batch and puts it off by five minutes, as a worker would. While the directory is away,
    /// so that no worker holds the batch.
    package func countFailedTry(tenant: TenantID, error: String) async throws {
        let queue = app.assembly.queue
        var leased: LeasedBatch?
        _ = try await eventually {
            leased = try await queue.lease(LeaseRequest(of: tenant, batches: 1), now: clock.now).first
            return leased != nil
        }
        guard let leased else { throw CommandFailure("no batch of \(tenant) can be leased") }
        try await queue.retry(leased.lease, at: clock.now.advanced(bySeconds: 300), error: error, now: clock.now)
    }

    /// Frees the tenant's key although the request that claimed it first is still arriving, as the end of a claim does.
    package func endClaim(of tenant: TenantID, path: String, key: String) async {
        await app.assembly.queue.releaseClaim(KeyClaim(tenantID: tenant, path: path, key: key, token: 1))
    }

    /// Runs `body` while the queue cannot be written: something else holds the write lock of its file.
    package func whileQueueLocked(_ body: () async throws -> Void) async throws {
        try await OtherProcess.whileItLocks(queuePath, body)
    }

    /// Makes the results of each job's batches from this number on unreadable; SQLite then says `malformed JSON`.
    package func damageResults(fromBatch number: Int) throws {
        let other = try OtherProcess(path: queuePath)
        try other.execute(
            """
            ALTER TABLE results RENAME TO whole_results;
            CREATE VIEW results AS
              SELECT id, CASE WHEN (id & 1048575) < \(number) THEN results ELSE json('damaged ' || id) END AS results FROM whole_results;
            """)
        try other.close()
    }

    /// What `HTTPServer` is made of here; for a further one beside the server.
    package func dependencies(isStarted: @escaping @Sendable () -> Bool = { true }) -> HTTPServer.Dependencies {
        let assembly = app.assembly
        return HTTPServer.Dependencies(
            settings: assembly.settings, queue: assembly.queue, engine: assembly.engine, clock: clock.wallClock,
            logger: log.logger,
            isStarted: isStarted, isDraining: { false }, callbackProblem: { _ in nil }, renderMetrics: { [] })
    }
}
