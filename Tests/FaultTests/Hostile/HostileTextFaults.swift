import Foundation
import GRDB
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

@Suite("Faults: hostile text")
struct HostileTextFaults {
    /// Text to break a log line, a terminal, a query or a page with.
    private static let odd = [
        "a\r\nb", "a\nfake {\"level\":\"info\"}", "\",\"level\":\"error\",\"x\":\"", "\\", "\\\"", "}\n{", "\u{1B}[2J\u{1B}[31m",
        "\u{1B}]0;title\u{7}",
        "\u{9B}31m", "\u{2028}\u{2029}\u{85}", "\u{7F}\u{8}\u{8}", "\u{202E}gnp.exe", "%0d%0aSet-Cookie: a=b",
        "${jndi:ldap://x/a}",
        "<script>alert(1)</script>", "{{7*7}}", "%s%n%d", "'; DROP TABLE users; --", "\" OR \"\"=\"", "' OR 1=1 --",
        "');DELETE FROM jobs;--",
        "?1", ":x", "a\\'); DROP TABLE users; --", "NULL", "x' UNION SELECT * FROM sync_logs --", "\u{FEFF}", "Z̷͎͋", "🧨",
        "../../etc/passwd",
    ]

    private func json(_ text: String) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed), as: UTF8.self)
    }

    @Test("whatever stands in bodies, headers and paths, each log line is one JSON object without a control character")
    func logInjection() async throws {
        var report = FaultReport(fault: "text to forge log lines with")
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver,
                settings: [
                    "LOG_LEVEL": "trace", "APP_ENV": "development", "VALIDATION": "per-user",
                    "WEBHOOK_ALLOWED_HOSTS": "localhost",
                ])
            let good = GoodCaller(server, receiver, folder)
            for _ in 0..<FaultScale.pick(1, full: 20) {
                for text in Self.odd {
                    report.tries += try await inBodies(text, server)
                    report.tries += try await inHeads(text, server)
                }
                try await good.submit(&report)
            }
            #expect(await server.terminate(within: 25) == 0)
            let lines = server.log.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(lines.count > Self.odd.count)
            for line in lines where !line.hasPrefix("warning: ") {
                let value = JSONValue(Data(line.utf8))
                #expect(value.keys.isSuperset(of: ["time", "level", "message"]), "\(line.debugDescription.prefix(300))")
                let isClean = line.unicodeScalars.allSatisfy {
                    let kind = $0.properties.generalCategory
                    return ![.control, .lineSeparator, .paragraphSeparator].contains(kind) && $0 != "\u{202E}"
                }
                #expect(isClean, "\(line.debugDescription.prefix(300))")
            }
        }
        try report.publish()
    }

    /// Puts the text in every string of both bodies.
    private func inBodies(_ text: String, _ server: ServerProcess) async throws -> Int {
        let odd = try json(text)
        let user = """
            {"id":\(odd),"email":"a@x.io","name":\(odd),"kindeUserId":\(odd),"avatar":\(odd),"department":\(odd),"title":\(odd),\
            "subscriptionTier":\(odd),"roles":[\(odd)],"permissions":{\(odd):\(odd)},\(odd):1}
            """
        let bodies: [(String, String)] = [
            (
                "users",
                #"{"operation":"user_sync","tenant":{"id":"hostile","name":\#(odd)},"users":[\#(user)],"metadata":{"syncType":\#(odd),\#(odd):1},\#(odd):{}}"#
            ),
            ("users", #"{"operation":\#(odd),"tenant":{"id":\#(odd),"name":\#(odd)},"users":[{"email":\#(odd),"name":"x"}]}"#),
            (
                "users",
                #"{"operation":"user_sync","tenant":{"id":"hostile","name":"n"},"users":[{"email":\#(odd),"name":"x"}],"metadata":{"callbackUrl":"https://localhost/\#(odd.dropFirst().dropLast())"}}"#
            ),
            (
                "users",
                #"{"operation":"user_sync","tenant":{"id":"hostile","name":"n"},"users":[],"metadata":{"syncTime":\#(odd)}}"#
            ),
            (
                "remove-user",
                #"{"operation":"user_removal","tenant":{"id":"hostile","name":\#(odd)},"userId":\#(odd),"reason":\#(odd)}"#
            ),
            (
                "remove-user",
                #"{"operation":"user_removal","tenant":{"id":"hostile","name":"n"},"userId":"u","removedAt":\#(odd)}"#
            ),
            ("users", text),
        ]
        for (path, body) in bodies {
            let answer = try await HostileCall.post(port: server.port, "/api/internal/sync/" + path, Data(body.utf8))
            #expect(answer.status == 202 || answer.status == 400, "\(answer.status) \(body.debugDescription.prefix(300))")
        }
        return bodies.count
    }

    /// Puts the text in every header that is read, in paths and queries, as raw bytes.
    private func inHeads(_ text: String, _ server: ServerProcess) async throws -> Int {
        let body = Bodies.sync([], tenant: "hostile")
        let length = "Content-Length: \(body.utf8.count)"
        let requests = [
            RawCaller.head("X-Request-ID: \(text)", length) + body, RawCaller.head("User-Agent: \(text)", length) + body,
            RawCaller.head("traceparent: \(text)", length) + body, RawCaller.head("Idempotency-Key: \(text)", length) + body,
            RawCaller.head("Prefer: wait=\(text)", length) + body, RawCaller.head("\(text): x", length) + body,
            RawCaller.head("Expect: \(text)", length) + body, RawCaller.head("X-Forwarded-For: \(text)", length) + body,
            RawCaller.head("Accept: \(text)", length) + body, RawCaller.head("Content-Encoding: \(text)", length) + body,
            RawCaller.head(tenant: text, length) + body, RawCaller.head(key: text, length) + body,
            RawCaller.head(length).replacing("X-Sync-Source: hostile", with: "X-Sync-Source: \(text)") + body,
            RawCaller.head(length).replacing("application/json", with: "application/json; \(text)") + body,
            RawCaller.head(path: "/api/internal/sync/jobs/\(text)/cancel", length) + body,
            RawCaller.head(path: "/api/internal/sync/deliveries/\(text)/redeliver", length) + body,
            RawCaller.head(path: "/\(text)", length) + body, RawCaller.head(path: "/livez?\(text)=\(text)", length) + body,
            "\(text) / HTTP/1.1\r\nHost: \(text)\r\n\r\n",
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for request in requests {
                group.addTask {
                    let answer = try await RawCaller.exchange(port: server.port, request.utf8, quiet: 0.15)
                    #expect(!RawCaller.isFault(answer), "\(request.debugDescription.prefix(200)): \(answer.prefix(200))")
                }
            }
            try await group.waitForAll()
        }
        return requests.count
    }

    @Test("SQL in every string is stored as it was sent, and the tables are as they were")
    func sql() async throws {
        var report = FaultReport(fault: "SQL in every string")
        try await TestServer.run { server in
            let good = GoodCaller(server)
            try await good.submit(&report)
            let schema = try [server.databasePath, server.queuePath].map(schema)
            for (number, text) in Self.odd.enumerated() {
                // As an id or a name it says nothing.
                let isBlank = PersonName.joined([text]) == nil
                // Longer than a tenant's id or a user's may be, none is; a header takes what HTTP lets through.
                let odd = try json(text)
                let tenant = text.utf8.allSatisfy { (0x21...0x7E).contains($0) || $0 == 0x20 } ? text : "hostile"
                let body = """
                    {"operation":"user_sync","tenant":{"id":\(try json(tenant)),"name":\(odd)},"users":[{"id":\(odd),"email":"o'dd\(number)@x.io",\
                    "name":\(odd),"kindeUserId":\(odd),"department":\(odd),"title":\(odd),"avatar":\(odd),"roles":[\(odd)]}],"metadata":{"syncType":\(odd)}}
                    """
                let answer = try await HostileCall.post(
                    port: server.port, tenant: tenant,
                    headers: [
                        "Prefer": "wait=25", "Idempotency-Key": "\(tenant.filter { $0 != " " })\(number)",
                        "X-Sync-Source": tenant,
                    ],
                    Data(body.utf8))
                report.tries += 1
                guard answer.status == 200 else {
                    Issue.record("\(text.debugDescription): \(answer.status) \(answer.text.prefix(300))")
                    continue
                }
                #expect(answer.json.metadata.created.int == 1, "\(text.debugDescription): \(answer.text.prefix(300))")
                let rows = try server.rows("SELECT * FROM users WHERE email = ?", ["o'dd\(number)@x.io"])
                #expect(rows.count == 1)
                for column in ["wrapper_user_id", "name", "kinde_user_id", "department", "title", "avatar"] {
                    var stored: String? = text
                    if isBlank, column.hasSuffix("user_id") { stored = nil }
                    if isBlank, column == "name" { stored = "o'dd\(number)" }
                    #expect(
                        (rows.first?[column] as String?).map { Array($0.utf8) } == stored.map { Array($0.utf8) },
                        "\(column) \(text.debugDescription)")
                }
                #expect(rows.first?["tenant_id"] == tenant)
                var encoded = URLComponents()
                encoded.queryItems = [URLQueryItem(name: "tenantId", value: tenant), URLQueryItem(name: "source", value: tenant)]
                let list = try await server.get("/api/internal/sync/jobs?" + (encoded.percentEncodedQuery ?? ""))
                #expect(list.json.jobs.array.allSatisfy { $0.tenant.id.string == tenant || $0.tenantId.string == tenant })
                let removal =
                    #"{"operation":"user_removal","tenant":{"id":\#(try json(tenant)),"name":"n"},"userId":\#(odd),"reason":\#(odd)}"#
                let removed = try await HostileCall.post(
                    port: server.port, "/api/internal/sync/remove-user", tenant: tenant, headers: ["Prefer": "wait=25"],
                    Data(removal.utf8))
                #expect(isBlank ? removed.status == 400 : removed.json.metadata.removed.int == 1, "\(removed.text.prefix(300))")
            }
            #expect(
                try server.rows("SELECT * FROM users WHERE is_active = 0").count
                    == Self.odd.count { PersonName.joined([$0]) != nil })
            #expect(try [server.databasePath, server.queuePath].map(self.schema) == schema)
            try await good.submit(&report)
        }
        try report.publish()
    }

    /// Names and text of everything in a database.
    private func schema(_ path: String) throws -> [String] {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }
        return try database.read {
            try String.fetchAll($0, sql: "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1")
        }
    }
}
