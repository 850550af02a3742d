import Foundation
import ServerTestSupport
import Settings
import SyncClient
import SyncModel
import TestSupport
import TerminalUI
import Testing

@testable import usersync

@Suite("The deployment checklist")
struct ChecklistTests {
    private func check(_ values: [String: String], environment: [String: String] = [:]) throws -> Checklist {
        let all = ["INTERNAL_API_KEY": FakeServer.key].merging(values) { $1 }
        var list = Checklist()
        let reading = try Settings.read(processors: 2) { all[$0] }
        ConfigurationCheck(reading: reading, named: Set(all.keys), processEnvironment: environment).run(into: &list)
        return list
    }

    private func checkServer(_ answers: [String: (status: Int, body: String)]) async throws -> Checklist {
        try await FakeServer(answers: answers).serve { url in
            let target = try SyncClient.Target(values: ["INTERNAL_API_KEY": FakeServer.key], server: url)
            return try await SyncClient.with(target) { client in
                var list = Checklist()
                await ServerCheck(client: client).run(into: &list)
                return list
            }
        }
    }

    @Test("a good configuration has no failure, and what could be better is a doubt")
    func good() throws {
        let directory = try TemporaryDirectory()
        let list = try check([
            "DATA_DIR": directory.path + "/data", "OPS_API_KEY": FakeServer.key + "2",
            "WRAPPER_WEBHOOK_URL": "https://w.example/hook",
            "MIN_FREE_DISK_BYTES": "0",
        ])
        #expect(list.failures == 0)
        #expect(list.doubts == 0)
        #expect(list.lines(style: Style(isOn: false)).last == "✔ ready")
    }

    @Test("an address that no webhook could be sent to is a failure, and host:port is none")
    func addresses() throws {
        for (text, reason) in AddressSamples.refused {
            let error = #expect(throws: SettingsError.self, "\(text)") { try check(["WRAPPER_WEBHOOK_URL": text]) }
            #expect(error?.problems.first?.message.contains(reason) == true, "\(text)")
        }
        for (text, port) in AddressSamples.taken {
            #expect(throws: Never.self, "\(text)") {
                try check(["WRAPPER_WEBHOOK_URL": text, "WEBHOOK_ALLOWED_HOSTS": "hooks.example.com:\(port)"])
            }
        }
    }

    @Test("a file of authorities that cannot be read is a failure that names its setting")
    func authorities() throws {
        for name in ["WEBHOOK_CA_FILE", "SSL_CERT_FILE"] {
            let list = try check([name: "/nowhere/authorities.pem"])
            let failures = list.findings.filter { $0.level == .failure && $0.section == .environment }
            #expect(failures.count == 1 && failures.first?.text == "\(name): the file cannot be read")
            #expect(failures.first?.advice?.contains("correct \(name):") == true)
        }
    }

    @Test("a proxy that other programs honour is a doubt that names WEBHOOK_PROXY")
    func otherProxy() throws {
        for name in ["HTTPS_PROXY", "https_proxy"] {
            let list = try check([:], environment: [name: "http://ann:hush-hush@proxy.example.com:3128"])
            let doubts = list.findings.filter { $0.level == .doubt && $0.text.hasPrefix("\(name) is set") }
            #expect(doubts.count == 1 && doubts.first?.advice?.contains("WEBHOOK_PROXY") == true)
            #expect(!list.json.contains("hush-hush"))
        }
        #expect(try !check([:]).findings.contains { $0.text.contains("_PROXY") })
    }

    @Test("a key that goes along with webhooks is a doubt")
    func sentKey() throws {
        let list = try check(["WRAPPER_WEBHOOK_URL": "https://w.example/hook", "WEBHOOK_SEND_API_KEY": "true"])
        #expect(list.findings.contains { $0.section == .security && $0.advice?.contains("WEBHOOK_SEND_API_KEY=false") == true })
    }

    @Test("what others can read is pointed at, with the command that mends it")
    func modes() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
        let list = try check(["DATA_DIR": directory.path])
        #expect(list.findings.contains { $0.section == .security && $0.advice == "chmod 700 \(directory.path)" })
    }

    @Test("a queue and a database that are one file are a failure, however they are called")
    func oneFile() throws {
        let directory = try TemporaryDirectory()
        let paths = ["DATABASE_URL": "sqlite:\(directory.path)/one.sqlite", "QUEUE_URL": "sqlite:\(directory.path)/./one.sqlite"]
        let found = try check(paths).findings.filter { $0.level == .failure && $0.section == .security }
        #expect(found.count == 1)
    }

    @Test("a database that is none and a disk that is full are failures")
    func failures() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("crm.sqlite", String(repeating: "no database ", count: 100))
        let list = try check(["DATABASE_URL": "sqlite:\(path)", "MIN_FREE_DISK_BYTES": "1125899906842624"])
        #expect(list.findings.filter { $0.level == .failure }.map(\.section) == [.schema, .performance])
        #expect(list.lines(style: Style(isOn: false)).last == "✘ not ready: 2 things to fix")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(list.json.utf8)) as? [String: Any])
        #expect(document["failures"] as? Int == 2)
    }

    @Test("a server that does as it should passes")
    func server() async throws {
        let error = #"{"success":false,"error":"Malformed JSON","timestamp":"2025-08-19T10:00:00.000Z","requestId":"r"}"#
        // The script knows no keys and no bodies: one answer for each path, judged by each probe in its way.
        let list = try await checkServer([
            "GET /livez": (200, "{}"), "GET /readyz": (200, #"{"directory":{"state":"ok"}}"#), "GET /metrics": (200, "up 1"),
            "POST /api/internal/sync/users": (200, #"{"success":true}"#), "POST /api/internal/sync/remove-user": (400, error),
        ])
        #expect(list.findings.contains { $0.section == .errors && $0.level == .ok })
        #expect(list.findings.contains { $0.section == .logging && $0.text == "/livez and /readyz answer" && $0.level == .ok })
        // The same 200 to a connection test and to a wrong key is not as it should be.
        #expect(list.findings.filter { $0.level == .failure }.map(\.section) == [.security])
    }

    @Test(
        "an error that lacks something of the guide's format is a failure that says what",
        arguments: [
            (#"{"error":"Bad","timestamp":"2025-08-19T10:00:00.000Z"}"#, "lacks success: false"),
            (#"{"success":false,"timestamp":"2025-08-19T10:00:00.000Z"}"#, "lacks error: a sentence"),
            (#"{"success":true,"error":"Bad","timestamp":"now"}"#, "lacks success: false, timestamp: ISO 8601"),
            ("Bad Request", "lacks success: false, error: a sentence, timestamp: ISO 8601"),
        ])
    func errorFormat(body: String, missing: String) async throws {
        let list = try await checkServer(["GET /livez": (200, "{}"), "POST /api/internal/sync/remove-user": (400, body)])
        let findings = list.findings.filter { $0.section == .errors }
        #expect(findings.map(\.level) == [.failure] && findings.first?.text.hasSuffix(missing) == true, "\(findings)")
    }

    @Test("a server that lets a wrong key in is a failure, and so is a directory in trouble")
    func openServer() async throws {
        let list = try await checkServer([
            "GET /livez": (200, "{}"), "GET /readyz": (200, #"{"directory":{"state":"unavailable","error":"disk I/O error"}}"#),
            "GET /metrics": (200, "up 1"), "POST /api/internal/sync/users": (200, #"{"success":true}"#),
        ])
        #expect(list.findings.contains { $0.section == .security && $0.level == .failure })
        #expect(list.findings.contains { $0.section == .schema && $0.text.contains("disk I/O error") })
        #expect(list.findings.contains { $0.section == .endpoint && $0.level == .ok && $0.text.contains("connection test") })
    }

    @Test(
        "a server that does not say how its directory is, or in words that cannot be read, is a doubt",
        arguments: [
            "{}", "<html>", #"{"directory":{"health":"ok"}}"#, #"{"directory":"ok"}"#,
            #"{"directory":{"state":"ok","since":7}}"#,
        ])
    func unreadableReadiness(body: String) async throws {
        let list = try await checkServer([
            "GET /livez": (200, "{}"), "GET /readyz": (200, body), "GET /metrics": (200, "up 1"),
        ])
        #expect(list.findings.contains { $0.level == .doubt && $0.text.hasPrefix("/readyz answers, but does not say") })
        #expect(!list.findings.contains { $0.text == "/livez and /readyz answer" })
    }

    @Test("checking a server uses up nothing of the rate limit")
    func rateLimit() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1"]) { server in
            let target = try SyncClient.Target(values: ["INTERNAL_API_KEY": TestServer.key], server: server.url)
            let list = try await SyncClient.with(target) { client in
                var list = Checklist()
                await ServerCheck(client: client).run(into: &list)
                return list
            }
            #expect(list.failures == 0 && list.doubts == 0, "\(list.findings)")
            _ = try await server.submitted([Bodies.user("u1", "a@x.io")])
        }
    }

    @Test("with WRAPPER_SECRET_KEY a token is tried: the right secret is fine, another one and a server without it are failures")
    func tokens() async throws {
        let secret = "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"
        func check(_ own: String, _ settings: [String: String]) async throws -> [Checklist.Finding] {
            var list = Checklist()
            try await TestServer.run(settings) { server in
                let target = try SyncClient.Target(values: ["INTERNAL_API_KEY": TestServer.key], server: server.url)
                list = try await SyncClient.with(target) { client in
                    var list = Checklist()
                    await ServerCheck(client: client, wrapperSecret: Secret(own)).run(into: &list)
                    return list
                }
                #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.isEmpty, "nothing was submitted")
            }
            return list.findings.filter { $0.text.contains("token") || $0.text.contains("/api/admin") }
        }
        let right = try await check(secret, ["WRAPPER_SECRET_KEY": secret])
        #expect(right.map(\.level) == [.ok, .ok])
        let wrong = try await check(secret + "x", ["WRAPPER_SECRET_KEY": secret])
        #expect(wrong.map(\.level) == [.failure, .ok])
        let none = try await check(secret, [:])
        #expect(none.map(\.level) == [.failure, .ok] && none.first?.text.hasSuffix("does not exist on the server") == true)
    }

    @Test("a secret for tokens that is short, and settings that do not suit the platform's lists, are doubts")
    func versionTwoSettings() throws {
        func doubts(_ values: [String: String]) throws -> Int { try check(values).doubts }
        let none = try doubts([:])
        let secret = "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"
        #expect(try doubts(["WRAPPER_SECRET_KEY": secret]) == none + 2)
        #expect(
            try doubts(["WRAPPER_SECRET_KEY": secret, "VALIDATION": "per-user", "EMAIL_SCOPE": "tenant"]) == none)
        #expect(
            try doubts(["WRAPPER_SECRET_KEY": "0f9a8b7c6d5e4f3a", "VALIDATION": "per-user", "EMAIL_SCOPE": "tenant"]) == none + 1)
    }

    @Test("a server that is not there is one failure, with what to do")
    func noServer() async throws {
        let target = try SyncClient.Target(values: [:], server: "http://127.0.0.1:1")
        let list = try await SyncClient.with(target) { client in
            var list = Checklist()
            await ServerCheck(client: client).run(into: &list)
            return list
        }
        #expect(list.findings.map(\.level) == [.failure])
        #expect(list.findings.first?.advice?.contains("usersync serve") == true)
    }

    @Test("a trial sync that cannot start is a failure, and leaves nothing behind")
    func trial() async throws {
        let seen = LockedPath()
        var list = Checklist()
        await TrialSync.run(into: &list) { settings in
            await seen.set(settings.dataDirectory)
            throw CommandFailure("no server today")
        }
        #expect(list.findings.map(\.level) == [.failure])
        #expect(list.findings.first?.text.contains("no server today") == true)
        let path = try #require(await seen.path)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private actor LockedPath {
        private(set) var path: String?
        func set(_ path: String) { self.path = path }
    }
}
