import Foundation
import ServerTestSupport
import SyncAPI
import SyncModel
import TestSupport
import Testing

@Suite("Faults: what a log gives away")
struct LogSecrecyFaults {
    @Test(
        "nothing that was sent and no key stands in the log of a whole day in debug mode: no name, address, id, key, secret or URL"
    )
    func secrecy() async throws {
        var report = FaultReport(fault: "values that must not be in a log")
        try await TestServer.inFolder { folder, receiver in
            let secret = Markers()
            let (key, ops) = (secret("internal key"), secret("operator's key"))
            let tokens = secret("wrapper secret")
            let signing = secret.remember("webhook secret", Data("\(secret("webhook secret"))".utf8).base64EncodedString())
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver,
                settings: [
                    "INTERNAL_API_KEY": "\(key),\(secret("second key"))", "OPS_API_KEY": ops,
                    "WRAPPER_SECRET_KEY": tokens, "WEBHOOK_SECRET": "whsec_" + signing,
                    "WRAPPER_WEBHOOK_URL": receiver.url + "?token=\(secret("webhook URL"))", "LOG_LEVEL": "debug",
                    "APP_ENV": "development",
                    "WEBHOOK_ALLOWED_HOSTS": "localhost", "VALIDATION": "reject",
                ])
            let day = DebugDay(server: server, receiver: receiver, folder: folder, key: key, ops: ops, secret: secret)
            var good = GoodCaller(server, receiver, folder)
            good.key = key
            try await goodThings(day)
            try await versionTwo(day, tokens)
            try await badBodies(day)
            try await wrongKeys(day)
            try await troubles(day)
            try await operators(day)
            try await good.submit(&report)
            #expect(await server.terminate(within: 25) == 0)
            // And once more, from the files of the day before.
            let again = try await ServerProcess.start(
                folder: folder, receiver: receiver,
                settings: ["INTERNAL_API_KEY": key, "LOG_LEVEL": "trace", "APP_ENV": "development"])
            #expect(await again.terminate(within: 25) == 0)
            let log = server.log + again.log
            for kind in [
                "full request details", "request answered", "sync request", "sync ended", "sync failures detected",
                "operator action",
                "Webhook not taken", "directory unavailable",
            ] {
                #expect(log.contains(kind), "the day had no \(kind.debugDescription)")
            }
            report.tries = secret.all.count
            #expect(report.tries > 300)
            for (kind, value) in secret.all where log.localizedStandardContains(value) {
                let line = log.split(separator: "\n").first { $0.localizedStandardContains(value) } ?? ""
                Issue.record("\(kind) stands in the log: \(line.prefix(400))")
            }
        }
        try report.publish()
    }

    private func goodThings(_ day: DebugDay) async throws {
        let trace = [
            "Idempotency-Key": day.secret("idempotency key"), "Prefer": "wait=20",
            "Authorization": "Bearer \(day.secret("other key"))",
            "Cookie": day.secret("cookie"), "X-Forwarded-For": "203.0.113.7",
            "X-\(day.secret("header name").suffix(3))": day.secret("header"),
        ]
        let first = day.sync([day.user()], metadata: #"{"syncType":"\#(day.secret("sync type"))","\#(day.secret("key"))":1}"#)
        #expect(try await day.send("POST", "users", headers: trace, first).status == 200)
        #expect(try await day.send("POST", "users", headers: trace, first).status == 202)
        #expect(try await day.send("POST", "users", headers: trace, day.sync([day.user()])).status == 422)
        #expect(
            try await day.send("POST", "users", headers: ["Prefer": "wait=20"], day.sync((0..<20).map { _ in day.user() })).status
                == 200)
        let id = day.secret("id")
        _ = try await day.send(
            "POST", "users", headers: ["Prefer": "wait=20"], day.sync([Bodies.user(id, "\(day.secret("email"))@x.io")]))
        #expect(try await day.send("POST", "remove-user", headers: ["Prefer": "wait=20"], day.removal(id)).status == 200)
        #expect(
            try await day.send("POST", "remove-user", headers: ["Prefer": "wait=20"], day.removal(day.secret("unknown id")))
                .status == 200)
        for path in [
            "jobs", "jobs?tenantId=\(day.secret("query"))", "jobs?cursor=\(day.secret("query"))", "status", "deliveries",
            "jobs?\(day.secret("query"))=1",
        ] {
            _ = try await day.send("GET", path)
        }
    }

    private func versionTwo(_ day: DebugDay, _ tokens: String) async throws {
        let now = Timestamp(seconds: Date().timeIntervalSince1970)
        let good = day.secret.remember("token", WrapperToken(orgCode: "org_1").signed(with: tokens, at: now))
        let bad = day.secret.remember(
            "bad token", WrapperToken(orgCode: day.secret("organisation")).signed(with: day.secret("other secret"), at: now))
        let body = Bodies.versionTwo([
            Bodies.userOfVersionTwo(
                day.secret("id"), "\(day.secret("email"))@x.io", first: day.secret("name"), last: day.secret("name"),
                title: day.secret("title"))
        ])
        for (token, status) in [(good, 200), (bad, 401), (tokens, 401)] {
            let answer = try await HostileCall.send(
                "POST", port: day.server.port, "/api/admin/users/sync",
                headers: ["Authorization": "Bearer \(token)", "Content-Type": "application/json"], body: Data(body.utf8))
            #expect(answer.status == status)
        }
    }

    private func badBodies(_ day: DebugDay) async throws {
        let good = day.sync([day.user()])
        for body in [
            String(good.dropLast(3)), good + "}", good.replacing("\"name\"", with: "\"name\":\"\(day.secret("name"))\",\"name\""),
            day.sync([day.user("\(day.secret("email"))-no-at.example")]), day.sync([day.user("\(day.secret("email"))@@x.io")]),
            day.sync(["\"\(day.secret("user"))\""]),
            day.sync([day.user()], metadata: #"{"syncTime":"\#(day.secret("moment"))"}"#),
            day.sync(
                [day.user()], metadata: #"{"callbackUrl":"https://\#(day.secret("user")):\#(day.secret("password"))@localhost/"}"#
            ),
            day.sync([day.user()], metadata: #"{"callbackUrl":"https://evil.example/\#(day.secret("path"))"}"#),
            good.replacing("user_sync", with: day.secret("operation")),
            good.replacing(#""id":"t1""#, with: #""id":"\#(day.secret("tenant"))""#),
            "\"\(day.secret("text"))\"", day.secret("rubbish"), good + day.secret("rubbish"),
            #"{"\#(day.secret("key"))":"\ud800"}"#,
        ] {
            #expect(try await day.send("POST", "users", body).status == 400)
            #expect(try await day.send("POST", "remove-user", body).status == 400)
            #expect(try await day.send("POST", "users", headers: ["Content-Encoding": "gzip"], body).status == 400)
        }
        // The media type and the coding that were named are shown.
        for headers in [
            ["Content-Type": "text/plain"], ["Content-Encoding": "br"],
            ["Idempotency-Key": String(repeating: day.secret("key"), count: 20)],
        ] {
            #expect([400, 415].contains(try await day.send("POST", "users", headers: headers, good).status))
        }
        let cut = RawCaller.head(tenant: "t1", key: day.key, "Content-Length: 5000", "X-Secret: \(day.secret("header"))") + good
        _ = try await RawCaller.exchange(port: day.server.port, cut.utf8, quiet: 0.3)
        let odd = RawCaller.head(tenant: "t1", key: day.key, "Transfer-Encoding: chunked") + day.secret("chunk") + "\r\n" + good
        _ = try await RawCaller.exchange(port: day.server.port, odd.utf8, quiet: 0.3)
        let head = "GET /livez HTTP/1.1\r\nHost: x\r\nbad header \(day.secret("header"))\r\n\r\n"
        _ = try await RawCaller.exchange(port: day.server.port, head.utf8, quiet: 0.3)
    }

    private func wrongKeys(_ day: DebugDay) async throws {
        for number in 0..<25 {
            let guess = day.secret("wrong key")
            let headers =
                number % 2 == 0 ? ["X-Internal-API-Key": guess] : ["X-Internal-API-Key": "", "Authorization": "Bearer \(guess)"]
            let status = try await HostileCall.send("GET", port: day.server.port, "/api/internal/sync/status", headers: headers)
                .status
            #expect(status == 401 || status == 429)
        }
        #expect(try await day.send("POST", "users", key: day.ops, day.sync([day.user()])).status == 403)
    }

    /// Failed users, a database that refuses, one that is away, webhooks that fail, callbacks with secrets in them.
    private func troubles(_ day: DebugDay) async throws {
        let crm = try OtherProcess(path: day.folder.appending(path: "data/crm.sqlite").path)
        let email = "\(day.secret("email"))@x.io"
        _ = try await day.send("POST", "users", headers: ["Prefer": "wait=20"], day.sync([day.user(email)]))
        let other = day.sync([day.user(email)]).replacing(#""id":"t1""#, with: #""id":"t2""#)
        let conflict = try await day.send("POST", "users", headers: ["Prefer": "wait=20", "X-Tenant-ID": "t2"], other)
        #expect(conflict.json.metadata.failed.int == 1)
        try crm.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON users WHEN NEW.email LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
        day.receiver.answer(with: 500)
        let refused = try await day.send(
            "POST", "users", headers: ["Prefer": "wait=20"], day.sync([day.user("bad\(day.secret("email"))@x.io"), day.user()]))
        #expect(refused.json.metadata.failed.int == 1)
        let url = #"{"callbackUrl":"https://localhost/\#(day.secret("callback"))?token=\#(day.secret("callback"))"}"#
        #expect(
            try await day.send("POST", "users", headers: ["Prefer": "wait=20"], day.sync([day.user()], metadata: url)).status
                == 200)
        #expect(await eventually { day.server.log.contains("Webhook not taken") })
        // Away: somebody else has the lock.
        try crm.lock()
        #expect(try await day.send("POST", "users", day.sync([day.user()])).status == 202)
        #expect(await eventually { day.server.log.contains("directory unavailable") })
        try crm.unlock()
        // What fails for a reason of its own, and a column that is gone for a while.
        try crm.execute(
            "CREATE TRIGGER busy BEFORE INSERT ON users WHEN NEW.email LIKE 'late%' BEGIN SELECT json(NEW.name); END")
        #expect(
            try await day.send("POST", "users", day.sync([day.user("late\(day.secret("email"))@x.io"), day.user()])).status == 202
        )
        try crm.execute("ALTER TABLE users RENAME COLUMN name TO gone")
        #expect(try await day.send("POST", "users", day.sync([day.user()])).status == 202)
        try? await Task.sleep(for: .milliseconds(500))
        try crm.execute("ALTER TABLE users RENAME COLUMN gone TO name")
        try crm.execute("DROP TRIGGER busy; DROP TRIGGER refuse")
        try crm.close()
        day.receiver.answer(with: 200)
    }

    private func operators(_ day: DebugDay) async throws {
        let jobs = try await day.send("GET", "jobs?limit=200", key: day.ops).json.jobs.array.compactMap(\.jobId.string)
        #expect(jobs.count > 5)
        for job in jobs {
            _ = try await day.send("GET", "jobs/\(job)", key: day.ops)
            _ = try await day.send("GET", "jobs/\(job)/results", key: day.ops)
            _ = try await day.send("POST", "jobs/\(job)/retry", key: day.ops)
            _ = try await day.send("POST", "jobs/\(job)/cancel", key: day.ops)
        }
        for delivery in try await day.send("GET", "deliveries", key: day.ops).json.deliveries.array.compactMap(\.id.string) {
            _ = try await day.send("POST", "deliveries/\(delivery)/redeliver", key: day.ops)
        }
        _ = try await day.send("POST", "deliveries/test", key: day.ops)
    }

    @Test(
        "a start that is refused names the setting, not its value",
        arguments: [
            ("INTERNAL_API_KEY", "short"), ("OPS_API_KEY", "short"), ("WRAPPER_SECRET_KEY", "short"),
            ("WEBHOOK_SECRET", "whsec_!!"), ("WEBHOOK_SECRET", ""),
            ("WRAPPER_WEBHOOK_URL", "http://user:"), ("DATABASE_URL", "postgres://user:"),
        ])
    func refusedStart(name: String, start: String) async throws {
        let secret = Markers()("value")
        let value = start == "short" ? "zq7#" : start.isEmpty ? secret : start + secret + "@x.example/"
        let files = try TemporaryDirectory()
        let result = try await CommandRunner.run(
            ["serve"],
            environment: ["PORT": "0", "DATA_DIR": files.path + "/data", "INTERNAL_API_KEY": TestServer.key].merging([name: value]
            ) { $1 },
            directory: files.path)
        #expect(result.status != 0)
        #expect((result.output + result.error).contains(name))
        #expect(
            !(result.output + result.error).contains(value) && !(result.output + result.error).contains(secret), "\(result.error)"
        )
    }
}
