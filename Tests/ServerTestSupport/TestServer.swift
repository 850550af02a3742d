import AsyncHTTPClient
package import Foundation
package import GRDB
import Logging
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import Settings
import SyncEngine
import SyncModel
import Testing
@testable import JobQueueSQLite
package import TestSupport
package import UsersyncApp
import usersync
@testable import JobQueue

/// The whole server on real files and a real port, with a receiver for its webhooks.
package struct TestServer: Sendable {
    package static let key = "test-key-0123456789abcdef"
    package static let opsKey = "ops-key-0123456789abcdef0"

    package let app: AppInProcess
    package let folder: URL
    package let receiver: HookReceiver
    package let clock: TestClock
    package let log: CapturedLog

    package var port: Int { app.port }
    package var url: String { "http://127.0.0.1:\(port)" }
    package var databasePath: String { folder.appending(path: "data/crm.sqlite").path }
    package var queuePath: String { folder.appending(path: "data/queue.sqlite").path }

    /// Starts a server with the settings given over sensible ones for tests, runs `body`, and stops it.
    /// - Parameters:
    ///   - prepare: gets the data folder before the server starts.
    package static func run(
        _ settings: [String: String] = [:], prepare: (URL) throws -> Void = { _ in },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let place = try TemporaryDirectory()
        defer { withExtendedLifetime(place) {} }
        let folder = place.url
        try FileManager.default.createDirectory(at: folder.appending(path: "data"), withIntermediateDirectories: true)
        try prepare(folder.appending(path: "data"))
        let receiver = try await HookReceiver.start()
        do {
            try await start(settings, folder: folder, receiver: receiver, body)
        } catch {
            await receiver.stop()
            throw error
        }
        await receiver.stop()
    }

    /// Starts a server on a folder that is there; for restarts.
    package static func start(
        _ settings: [String: String] = [:], folder: URL, receiver: HookReceiver, clock: TestClock = TestClock.running(),
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let log = CapturedLog()
        let values = defaults(folder: folder, receiver: receiver).merging(settings) { $1 }
        let reading = try Settings.read(processors: 2, from: { values[$0] })
        let app = try await UsersyncApp.start(settings: reading.settings, logger: log.logger, clock: clock.wallClock)
        guard let inProcess = app as? AppInProcess else { throw CommandFailure("not in this process") }
        let server = TestServer(app: inProcess, folder: folder, receiver: receiver, clock: clock, log: log)
        do {
            try await body(server)
        } catch {
            try? await app.stop()
            throw error
        }
        let repairs = (inProcess.assembly.queue as? SQLiteJobQueue)?.repairs ?? 0
        try await app.stop()
        #expect(repairs == 0, "the queue's memory never differs from its tables")
        let impossible = log.lines.filter { $0.message == "impossible transition" }
        #expect(impossible.isEmpty, "a move that the states do not allow")
    }

    private static func defaults(folder: URL, receiver: HookReceiver) -> [String: String] {
        [
            "HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": folder.appending(path: "data").path, "INTERNAL_API_KEY": key,
            "OPS_API_KEY": opsKey, "WRAPPER_WEBHOOK_URL": receiver.url, "RATE_LIMIT_MAX": "0", "MIN_FREE_DISK_BYTES": "1048576",
            "LOG_LEVEL": "debug", "SHUTDOWN_GRACE": "10",
        ]
    }

    // MARK: Requests

    /// An answer, its body read as JSON where it is.
    package struct Answer: Sendable {
        package var status: Int
        package var headers: [(name: String, value: String)]
        package var body: Data

        package init(status: Int, headers: [(name: String, value: String)], body: Data) {
            (self.status, self.headers, self.body) = (status, headers, body)
        }

        package func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
        /// How often a header stands.
        package func count(_ name: String) -> Int { headers.count { $0.name.lowercased() == name.lowercased() } }
        package var json: JSONValue { JSONValue(body) }
        package var text: String { String(decoding: body, as: UTF8.self) }
        /// The body's lines, each read as JSON.
        package var lines: [JSONValue] { body.split(separator: UInt8(ascii: "\n")).map { JSONValue(Data($0)) } }
    }

    /// Sends a request with the good key, unless the headers say otherwise (an empty value takes a header away).
    package func send(
        _ method: String, _ path: String, headers: [String: String] = [:], body: Data? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = .init(rawValue: method)
        var all = ["X-Internal-API-Key": TestServer.key]
        if body != nil { all["Content-Type"] = "application/json" }
        for (name, value) in headers { all[name] = value }
        for (name, value) in all where !value.isEmpty { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(body) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(hangTime))
        let bytes = try await response.body.collect(upTo: 256 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) },
            body: Data(buffer: bytes))
    }

    package func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    /// Posts JSON text.
    package func post(_ path: String, _ json: String = "", headers: [String: String] = [:]) async throws -> Answer {
        try await send("POST", path, headers: headers, body: json.isEmpty ? nil : Data(json.utf8))
    }

    /// Submits a sync of a tenant.
    package func sync(
        _ users: [String], tenant: String = "t1", metadata: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await post(
            "/api/internal/sync/users", Bodies.sync(users, tenant: tenant, metadata: metadata),
            headers: ["X-Tenant-ID": tenant, "X-Sync-Source": "tests"].merging(headers) { $1 })
    }

    /// Submits a sync and waits for its result.
    package func synced(_ users: [String], tenant: String = "t1", metadata: String? = nil) async throws -> JSONValue {
        let answer = try await sync(users, tenant: tenant, metadata: metadata, headers: ["Prefer": "wait=20"])
        guard answer.status == 200 else {
            throw CommandFailure("status \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer.json
    }

    /// The job once it has ended.
    package func ended(_ id: String, seconds: Double = Double(hangTime)) async throws -> JSONValue {
        guard let id = JobID(id), let job = await app.assembly.engine.ended(id, within: seconds) else {
            throw CommandFailure("the job has not ended")
        }
        return try await get("/api/internal/sync/jobs/\(job.id.text)").json
    }

    // MARK: What stands in the files

    /// Reads the CRM's database through a connection of its own.
    package func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Self.rows(of: databasePath, sql, arguments)
    }

    /// Reads the queue's file likewise.
    package func queueRows(_ sql: String) throws -> [Row] { try Self.rows(of: queuePath, sql, []) }

    private static func rows(of path: String, _ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }
        return try database.read { try Row.fetchAll($0, sql: sql, arguments: arguments) }
    }
}
