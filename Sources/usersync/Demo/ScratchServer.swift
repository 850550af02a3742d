import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Settings
import SyncAPI
import SyncClient
import SyncModel
import UsersyncApp

/// A server in this process on a temporary directory, which is removed afterwards.
struct ScratchServer: Sendable {
    let directory: String
    let key: Secret
    /// Signs the tokens of version 2.
    let wrapperSecret: Secret
    let client: SyncClient

    /// How a server is started: by the real wiring, or by a test's.
    typealias Start = @Sendable (Settings) async throws -> any RunningApp

    /// Starts one, calls `body`, stops it and removes its directory, however `body` ends.
    static func with<Value: Sendable>(
        key: Secret = Secret(RandomKey.make()), webhookURL: String? = nil, start: Start,
        _ body: (ScratchServer) async throws -> Value
    ) async throws -> Value {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "usersync-\(UUID().uuidString.lowercased())"
        ).path
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let wrapperSecret = Secret(RandomKey.make())
        let values = [
            "HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": directory, "INTERNAL_API_KEY": key.value,
            "WRAPPER_SECRET_KEY": wrapperSecret.value,
            "WRAPPER_WEBHOOK_URL": webhookURL ?? "", "RATE_LIMIT_MAX": "0", "MIN_FREE_DISK_BYTES": "0", "LOG_LEVEL": "error",
            "LOG_FORMAT": "text",
        ]
        let settings = try Settings.read(processors: ProcessInfo.processInfo.activeProcessorCount) { values[$0] }.settings
        let app = try await start(settings)
        let url = "http://127.0.0.1:\(app.port)"
        let address = try WebAddress(url)
        do {
            let value = try await SyncClient.with(SyncClient.Target(url: url, address: address, key: key)) { client in
                try await body(ScratchServer(directory: directory, key: key, wrapperSecret: wrapperSecret, client: client))
            }
            try await app.stop()
            return value
        } catch {
            // Unstructured: this task may be cancelled, and the server must still stop cleanly.
            _ = await Task { try await app.stop() }.result
            throw error
        }
    }

    /// Sends a sync. With `wait`, in seconds, the answer is the finished result if it is ready in time.
    func submit(_ users: DemoUsers, json: String, wait: Int? = nil) async throws -> SyncClient.Answer {
        var request = client.request(.submitUsers)
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "X-Tenant-ID", value: users.tenantID)
        request.headers.add(name: "X-Sync-Source", value: "usersync-demo")
        if let wait { request.headers.add(name: "Prefer", value: "wait=\(wait)") }
        request.body = .bytes(.init(string: json))
        return try await client.accepted(request)
    }

    /// Sends a sync in version 2, as the platform's own code does.
    func submit(versionTwo json: String, organisation: String) async throws -> SyncClient.Answer {
        var request = client.request(.submitVersionTwo)
        let token = WrapperToken(orgCode: organisation).signed(
            with: wrapperSecret.value, at: Timestamp(seconds: Date().timeIntervalSince1970))
        request.headers.remove(name: "X-Internal-API-Key")
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(.init(string: json))
        return try await client.accepted(request)
    }
}
