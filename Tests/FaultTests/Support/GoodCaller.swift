import AsyncHTTPClient
import Foundation
import GRDB
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import ServerTestSupport
import TestSupport
import Testing

/// Somebody in good faith beside the hostile ones: what he submits is applied once, and its webhook arrives.
struct GoodCaller: Sendable {
    let port: Int
    let receiver: HookReceiver
    /// The CRM's database.
    let database: String
    var key = TestServer.key
    var tenant = "good"

    init(_ server: ServerProcess, _ receiver: HookReceiver, _ folder: URL) {
        self.init(port: server.port, receiver: receiver, database: folder.appending(path: "data/crm.sqlite").path)
    }

    init(_ server: TestServer) {
        self.init(port: server.port, receiver: server.receiver, database: server.databasePath)
    }

    init(port: Int, receiver: HookReceiver, database: String) {
        self.port = port
        self.receiver = receiver
        self.database = database
    }

    /// Submits a new user and adds what became of it.
    /// - Parameter patience: seconds that the webhook may take.
    func submit(_ report: inout FaultReport, patience: Double = Double(hangTime)) async throws {
        let id = "good-\(UUID().uuidString.lowercased())"
        let body = Bodies.sync([Bodies.user(id, "\(id)@good.example")], tenant: tenant)
        let answer = try await HostileCall.send(
            "POST", port: port, "/api/internal/sync/users",
            headers: [
                "X-Internal-API-Key": key, "Content-Type": "application/json", "X-Tenant-ID": tenant, "X-Sync-Source": "good",
                "Prefer": "wait=25",
            ], body: Data(body.utf8))
        guard answer.status == 200 || answer.status == 202, let job = answer.json.jobId.string else {
            Issue.record("a good caller was answered with \(answer.status): \(answer.text.prefix(300))")
            report.acknowledged += 1
            report.lost += 1
            return
        }
        report.acknowledged += 1
        // Not through within the wait: the caller asks for it.
        var shown = answer.json
        _ = try await eventually(patience) {
            if shown.endedAt.string != nil || shown.results.array.count == 1 { return true }
            shown = try await HostileCall.send(
                "GET", port: port, "/api/internal/sync/jobs/\(job)", headers: ["X-Internal-API-Key": key]
            ).json
            return shown.endedAt.string != nil
        }
        if shown.metadata.created.int == 1 { report.applied += 1 } else { report.lost += 1 }
        if try rows(of: id) != 1 { report.rowsWrong += 1 }
        if await !eventually(patience, { !receiver.of(job: job).isEmpty }) { report.webhooksMissing += 1 }
    }

    private func rows(of id: String) throws -> Int {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: database, configuration: configuration)
        defer { try? database.close() }
        return try database.read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM users WHERE wrapper_user_id = ?", arguments: [id]) ?? 0
        }
    }
}

/// A request with these headers and no other.
enum HostileCall {
    static func send(
        _ method: String, port: Int, _ path: String, headers: [String: String], body: Data? = nil
    ) async throws -> TestServer.Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(body) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(hangTime))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return TestServer.Answer(
            status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) },
            body: Data(buffer: bytes))
    }

    /// Posts a body with a good key for a tenant.
    static func post(
        port: Int, _ path: String = "/api/internal/sync/users", tenant: String = "hostile", headers: [String: String] = [:],
        _ body: Data
    ) async throws -> TestServer.Answer {
        try await send(
            "POST", port: port, path,
            headers: [
                "X-Internal-API-Key": TestServer.key, "Content-Type": "application/json", "X-Tenant-ID": tenant,
                "X-Sync-Source": "hostile",
            ].merging(headers) { $1 }, body: body)
    }
}
