import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Settings
import SyncAPI
import SyncClient
import SyncModel

/// Checks the running server: it answers, admits the right key, reports mistakes.
struct ServerCheck {
    let client: SyncClient
    /// `WRAPPER_SECRET_KEY`, the first of several.
    var wrapperSecret: Secret?

    func run(into list: inout Checklist) async {
        guard await isReachable(&list) else { return }
        await connection(&list)
        await wrongKey(&list)
        if let wrapperSecret { await token(signedWith: wrapperSecret, &list) }
        await readiness(&list)
        await metrics(&list)
        await malformed(&list)
    }

    private func isReachable(_ list: inout Checklist) async -> Bool {
        do {
            let status = try await client.send(client.request(.live), timeout: .seconds(10)).status
            if status == 200 {
                list.ok(.endpoint, "\(client.target.url) answers")
                return true
            }
            list.failure(
                .endpoint, "\(client.target.url)\(Endpoint.live.path) answers \(status)",
                "is it a usersync server? name it with --server")
        } catch {
            list.failure(
                .endpoint, "\(error)", "start it: usersync serve; or check only the configuration: usersync check --offline")
        }
        return false
    }

    /// The integration guide's accessibility check.
    private func connection(_ list: inout Checklist) async {
        await probe(&list, .endpoint, post("{\"test\":\"connection\"}")) { answer, list in
            switch answer.status {
            case 200: list.ok(.endpoint, "POST \(Endpoint.submitUsers.path) accepts the key and the guide's connection test")
            case 401:
                list.failure(
                    .endpoint, "the server does not know this key",
                    "INTERNAL_API_KEY must be the same here, there and on the platform")
            case 403: list.doubt(.endpoint, "the key may not submit", "check with INTERNAL_API_KEY rather than OPS_API_KEY")
            case let status: list.failure(.endpoint, "the connection test answers \(status)", "look at the server's log")
            }
        }
    }

    private func wrongKey(_ list: inout Checklist) async {
        var request = post("{\"test\":\"connection\"}")
        request.headers.replaceOrAdd(name: "X-Internal-API-Key", value: RandomKey.make())
        await probe(&list, .security, request) { answer, list in
            if answer.status == 401 || answer.status == 429 {
                list.ok(.security, "a wrong key is refused (\(answer.status))")
            } else {
                list.failure(
                    .security, "a wrong key is answered \(answer.status)", "take the server off the network until it is fixed")
            }
        }
    }

    /// A token as the platform makes it, with the accessibility check; then one that another secret has signed.
    private func token(signedWith secret: Secret, _ list: inout Checklist) async {
        let path = Endpoint.submitVersionTwo.path
        await probe(&list, .endpoint, versionTwo(secret)) { answer, list in
            switch answer.status {
            case 200: list.ok(.endpoint, "POST \(path) accepts a token signed with WRAPPER_SECRET_KEY")
            case 401:
                list.failure(
                    .endpoint, "the server refuses a token signed with WRAPPER_SECRET_KEY",
                    "WRAPPER_SECRET_KEY must be the same here, there and on the platform, and the clocks right")
            case 404:
                list.failure(
                    .endpoint, "POST \(path) does not exist on the server", "restart it with WRAPPER_SECRET_KEY set")
            case let status: list.failure(.endpoint, "a token is answered \(status)", "look at the server's log")
            }
        }
        await probe(&list, .security, versionTwo(Secret(RandomKey.make()))) { answer, list in
            if answer.status == 200 {
                list.failure(
                    .security, "a token that another secret has signed is accepted",
                    "take the server off the network until it is fixed")
            } else {
                list.ok(.security, "a token that another secret has signed is refused (\(answer.status))")
            }
        }
    }

    private func versionTwo(_ secret: Secret) -> HTTPClientRequest {
        var request = post("{\"test\":\"connection\"}", to: .submitVersionTwo)
        let token = WrapperToken(orgCode: "usersync-check").signed(
            with: secret.value, at: Timestamp(seconds: Date().timeIntervalSince1970))
        request.headers.remove(name: "X-Internal-API-Key")
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        return request
    }

    private func readiness(_ list: inout Checklist) async {
        await probe(&list, .logging, client.request(.ready)) { answer, list in
            let reading = try? answer.reading(as: HealthDocument.self)
            if answer.status != 200 {
                list.failure(
                    .logging, "\(Endpoint.ready.path) answers \(answer.status)",
                    "look at the server's log: it starts, stops or cannot write its queue")
            } else if let directory = reading?.document.directory, directory.isInTrouble {
                list.failure(
                    .schema, "the server cannot write the CRM's database\(directory.error.map { ": \($0)" } ?? "")",
                    "fix the database; work resumes by itself")
            } else if reading?.document.directory == nil || reading?.unread.isEmpty != true {
                list.doubt(
                    .logging, "\(Endpoint.ready.path) answers, but does not say whether the CRM's database can be written",
                    "is it a usersync server of this version?")
            } else {
                list.ok(.logging, "\(Endpoint.live.path) and \(Endpoint.ready.path) answer")
            }
        }
    }

    private func metrics(_ list: inout Checklist) async {
        await probe(&list, .logging, client.request(.metrics)) { answer, list in
            if answer.status == 200, !answer.body.isEmpty {
                list.ok(.logging, "\(Endpoint.metrics.path) answers")
            } else {
                list.failure(
                    .logging, "\(Endpoint.metrics.path) answers \(answer.status)", "ask with a key that the server knows")
            }
        }
    }

    /// A body that is not JSON: the error must be the integration guide's. Sent as a removal, which the rate limit does not count.
    private func malformed(_ list: inout Checklist) async {
        var request = post("{\"operation\":", to: .removeUser)
        request.headers.add(name: "X-Tenant-ID", value: "usersync-check")
        request.headers.add(name: "X-Sync-Source", value: "usersync-check")
        await probe(&list, .errors, request) { answer, list in
            switch answer.status {
            case 400:
                let missing = ServerCheck.missing(in: answer.body)
                if missing.isEmpty {
                    list.ok(.errors, "a malformed request is a 400 in the guide's error format")
                } else {
                    list.failure(
                        .errors, "the 400 of a malformed request lacks \(missing.joined(separator: ", "))",
                        "is it a usersync server, and does a proxy pass its errors on unchanged?")
                }
            case 401, 403: list.doubt(.errors, "not checked: the key may not submit", "check with INTERNAL_API_KEY")
            case let status: list.failure(.errors, "a malformed request is answered \(status)", "look at the server's log")
            }
        }
    }

    /// What an error lacks of the integration guide's format.
    private static func missing(in body: Data) -> [String] {
        let error = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
        var missing: [String] = []
        if error["success"] as? Bool != false { missing.append("success: false") }
        if (error["error"] as? String ?? "").isEmpty { missing.append("error: a sentence") }
        if (error["timestamp"] as? String).flatMap(Timestamp.init(iso8601:)) == nil { missing.append("timestamp: ISO 8601") }
        return missing
    }

    private func post(_ json: String, to route: Endpoint = .submitUsers) -> HTTPClientRequest {
        var request = client.request(route)
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: json))
        return request
    }

    private func probe(
        _ list: inout Checklist, _ section: Checklist.Section, _ request: HTTPClientRequest,
        _ judge: (SyncClient.Answer, inout Checklist) -> Void
    ) async {
        do {
            judge(try await client.send(request, timeout: .seconds(15)), &list)
        } catch {
            list.failure(section, "\(error)", "look at the server's log")
        }
    }
}
