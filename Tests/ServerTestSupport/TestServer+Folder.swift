package import Foundation
package import TestSupport
import usersync

extension TestServer {
    /// A folder and a receiver that outlive servers, for tests that stop one and start another.
    package static func inFolder(_ body: (URL, HookReceiver) async throws -> Void) async throws {
        let place = try TemporaryDirectory()
        defer { withExtendedLifetime(place) {} }
        let folder = place.url
        try FileManager.default.createDirectory(at: folder.appending(path: "data"), withIntermediateDirectories: true)
        let receiver = try await HookReceiver.start()
        do {
            try await body(folder, receiver)
        } catch {
            await receiver.stop()
            throw error
        }
        await receiver.stop()
    }

    /// Runs `body` while another process holds the write lock of the CRM's database, and lets go of it.
    package func whileLocked(_ body: () async throws -> Void) async throws {
        try await OtherProcess.whileItLocks(databasePath, body)
    }

    /// Runs SQL on the CRM's database, as another process would.
    package func execute(_ sql: String) throws {
        let other = try OtherProcess(path: databasePath)
        try other.execute(sql)
        try other.close()
    }

    /// A trigger of the CRM's own that refuses users whose email begins with `bad`.
    /// - Parameter how: `ABORT`, `FAIL` or `ROLLBACK`.
    package func refuseBadUsers(_ how: String = "ABORT") throws {
        try execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON users WHEN NEW.email LIKE 'bad%' BEGIN SELECT RAISE(\(how), 'not this one'); END"
        )
    }

    /// Users whose email begins with `slow` take the CRM's database about a millisecond each.
    package func slowDownSlowUsers() throws {
        try OtherProcess.slowDown(databasePath, when: "NEW.email LIKE 'slow%'")
    }

    /// Submits a sync and returns its job's id.
    package func submitted(_ users: [String], tenant: String = "t1", metadata: String? = nil, source: String = "tests")
        async throws
        -> String
    {
        let answer = try await sync(users, tenant: tenant, metadata: metadata, headers: ["X-Sync-Source": source])
        guard answer.status == 202, let id = answer.json.jobId.string else { throw CommandFailure("status \(answer.status)") }
        return id
    }

    package func job(_ id: String) async throws -> JSONValue { try await get("/api/internal/sync/jobs/\(id)").json }
    package func status() async throws -> JSONValue { try await get("/api/internal/sync/status").json }

    /// Waits until the server has found that the CRM's database is away.
    package func isDirectoryAway() async throws -> Bool {
        try await eventually { try await status().directory.state.string == "unavailable" }
    }

    /// Acts on a job or a delivery with the operator's key.
    package func act(_ path: String) async throws -> Answer {
        try await post("/api/internal/sync/\(path)", headers: ["X-Internal-API-Key": TestServer.opsKey])
    }
}
