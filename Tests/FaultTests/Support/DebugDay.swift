import Foundation
import ServerTestSupport
import Synchronization

/// Values that can be told from anything else, remembered by what they are.
final class Markers: Sendable {
    private let made = Mutex<[String: String]>([:])
    var all: [String: String] { made.withLock { $0 } }

    /// A new value of some kind. Letters and digits only, so that it looks the same however it is escaped.
    func callAsFunction(_ kind: String) -> String {
        let value = "zq" + (0..<5).map { _ in String(UInt32.random(in: 0...(.max)), radix: 36) }.joined()
        made.withLock { $0["\(kind) \($0.count)"] = value }
        return value
    }

    /// One that is a secret in a form of its own.
    func remember(_ kind: String, _ value: String) -> String {
        made.withLock { $0[kind] = value }
        return value
    }
}

/// A server in the guide's debug mode, and who calls it.
struct DebugDay {
    let server: ServerProcess
    let receiver: HookReceiver
    let folder: URL
    let key: String
    let ops: String
    let secret: Markers

    func send(_ method: String, _ path: String, key: String? = nil, headers: [String: String] = [:], _ body: String? = nil)
        async throws
        -> TestServer.Answer
    {
        var all = [
            "X-Internal-API-Key": key ?? self.key, "X-Tenant-ID": "t1", "X-Sync-Source": "day",
            "Content-Type": "application/json",
        ]
        all.merge(headers) { $1 }
        return try await HostileCall.send(
            method, port: server.port, "/api/internal/sync/" + path, headers: all, body: body.map { Data($0.utf8) })
    }

    func user(_ email: String? = nil) -> String {
        let email = email ?? "\(secret("email"))@\(secret("domain")).example"
        return """
            {"id":"\(secret("id"))","email":"\(email)","name":"\(secret("name"))","kindeUserId":"\(secret("kinde"))","title":"\(secret("title"))",\
            "avatar":"https://x.example/\(secret("avatar"))","department":"\(secret("department"))","subscriptionTier":"\(secret("tier"))",\
            "roles":["\(secret("role"))"],"permissions":{"\(secret("permission"))":"\(secret("permission"))"},"allowedApplications":["\(secret("application"))"],\
            "\(secret("unknown key"))":"\(secret("unknown value"))"}
            """
    }

    func sync(_ users: [String], metadata: String = "{}") -> String {
        #"{"operation":"user_sync","tenant":{"id":"t1","name":"\#(secret("company"))"},"users":[\#(users.joined(separator: ","))],"metadata":\#(metadata)}"#
    }

    func removal(_ id: String) -> String {
        #"{"operation":"user_removal","tenant":{"id":"t1","name":"\#(secret("company"))"},"userId":"\#(id)","reason":"\#(secret("reason"))"}"#
    }
}
