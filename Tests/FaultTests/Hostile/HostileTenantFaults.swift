import Foundation
import GRDB
import ServerTestSupport
import SyncModel
import SyncServer
import TestSupport
import Testing

@Suite("Faults: callers after what is not theirs")
struct HostileTenantFaults {
    @Test(
        "another tenant's id, users, addresses and keys, wherever they stand, change nothing of that tenant's",
        arguments: ["global", "tenant"])
    func otherTenants(scope: String) async throws {
        var report = FaultReport(fault: "another tenant's ids everywhere (EMAIL_SCOPE=\(scope))")
        try await TestServer.run(["EMAIL_SCOPE": scope, "WEBHOOK_ALLOWED_HOSTS": "victim.example"]) { server in
            let good = GoodCaller(server)
            let mine = Bodies.user(
                "victim-1", "ada@victim.example", name: "Ada", more: #""kindeUserId":"kinde-1","isAdmin":true"#)
            let first = try await server.sync(
                [mine, Bodies.user("victim-2", "bob@victim.example")], tenant: "victim",
                headers: ["Idempotency-Key": "key-1", "Prefer": "wait=25"])
            #expect(first.status == 200)
            let job = try #require(first.json.jobId.string)
            let crmID = try #require(first.json.results[0].crmUserId.string)
            let before = try rows(of: "victim", server)
            #expect(try await eventually { try await server.job(job).webhook.state.string == "delivered" })
            let document = try await server.job(job)
            for _ in 0..<FaultScale.pick(1, full: 50) {
                for (name, path, tenant, headers, body) in attacks(crmID: crmID) {
                    let answer = try await HostileCall.post(
                        port: server.port, path, tenant: tenant, headers: headers.merging(["Prefer": "wait=25"]) { $1 },
                        Data(body.utf8))
                    #expect(answer.status < 500, "\(name): \(answer.text.prefix(300))")
                    // A job of the attacker's own is one thing; the victim's would be another.
                    if answer.status == 200 || answer.status == 202 {
                        #expect(
                            answer.json.jobId.string != job && answer.json.tenant.id.string == "attacker",
                            "\(name): \(answer.text.prefix(300))")
                    }
                    report.tries += 1
                }
                for action in ["jobs/\(job)/cancel", "jobs/\(job)/retry"] {
                    #expect(
                        try await server.post("/api/internal/sync/\(action)", headers: ["X-Tenant-ID": "attacker"]).status == 409)
                    report.tries += 1
                }
                try await good.submit(&report)
            }
            let changed = try rows(of: "victim", server)
            if changed != before { report.rowsWrong += 1 }
            #expect(changed == before)
            #expect(try await server.job(job) == document)
            #expect(try await server.get("/api/internal/sync/jobs?tenantId=victim").json.jobs.array.count == 1)
            // The victim's own key still stands for the victim's own job.
            let again = try await server.sync(
                [mine, Bodies.user("victim-2", "bob@victim.example")], tenant: "victim", headers: ["Idempotency-Key": "key-1"])
            #expect(again.json.jobId.string == job && again.header("idempotent-replayed") == "true")
            try await good.submit(&report)
        }
        try report.publish()
    }

    private typealias Attack = (name: String, path: String, tenant: String, headers: [String: String], body: String)

    private func attacks(crmID: String) -> [Attack] {
        let (users, removals) = ("/api/internal/sync/users", "/api/internal/sync/remove-user")
        func sync(_ user: String, tenant: String = "attacker", metadata: String? = nil) -> String {
            Bodies.sync([user], tenant: tenant, metadata: metadata)
        }
        let evil = Bodies.user("victim-1", "evil@attacker.example", name: "Evil")
        var list: [Attack] = [
            ("the victim in the header", users, "victim", [:], sync(evil)),
            ("the victim in the body", users, "attacker", [:], sync(evil, tenant: "victim")),
            (
                "the victim in the body twice", users, "attacker", [:],
                sync(evil).replacing(#""id":"attacker""#, with: #""id":"attacker","id":"victim""#)
            ),
            (
                "the victim in a second tenant", users, "attacker", [:],
                sync(evil).replacing(#""users""#, with: #""tenant":{"id":"victim","name":"n"},"users""#)
            ),
            (
                "the victim in the user", users, "attacker", [:],
                sync(
                    Bodies.user(
                        "x1", "x1@attacker.example", more: #""tenantId":"victim","tenant_id":"victim","tenant":{"id":"victim"}"#))
            ),
            (
                "the victim in the metadata", users, "attacker", [:],
                sync(Bodies.user("x2", "x2@attacker.example"), metadata: #"{"tenantId":"victim"}"#)
            ),
            ("two tenants in a header", users, "attacker, victim", [:], sync(evil)),
            ("the victim's user id", users, "attacker", [:], sync(evil)),
            ("the victim's email", users, "attacker", [:], sync(Bodies.user("x3", "ada@victim.example", name: "Evil"))),
            (
                "the victim's email in capitals", users, "attacker", [:],
                sync(Bodies.user("x4", "ADA@VICTIM.EXAMPLE", name: "Evil"))
            ),
            (
                "the victim's id and email", users, "attacker", [:],
                sync(Bodies.user("victim-1", "ada@victim.example", name: "Evil"))
            ),
            (
                "an email changed into the victim's", users, "attacker", [:],
                sync(Bodies.user("x2", "bob@victim.example", name: "Evil"))
            ),
            (
                "the victim's Kinde id", users, "attacker", [:],
                sync(Bodies.user("x5", "x5@attacker.example", more: #""kindeUserId":"kinde-1""#))
            ),
            (
                "the victim's Idempotency-Key", users, "attacker", ["Idempotency-Key": "key-1"],
                sync(Bodies.user("x6", "x6@attacker.example"))
            ),
            (
                "the victim as a callback", users, "attacker", [:],
                sync(evil, metadata: #"{"callbackUrl":"http://victim.example/"}"#)
            ),
        ]
        for id in ["victim-1", "ada@victim.example", "kinde-1", crmID, "%", "victim%", "' OR tenant_id = 'victim"] {
            list.append(("removal of \(id)", removals, "attacker", [:], Bodies.removal(id, tenant: "attacker")))
        }
        list += [
            ("removal, the victim in the header", removals, "victim", [:], Bodies.removal("victim-1", tenant: "attacker")),
            ("removal, the victim in the body", removals, "attacker", [:], Bodies.removal("victim-1", tenant: "victim")),
            (
                "removal, the victim's key", removals, "attacker", ["Idempotency-Key": "key-1"],
                Bodies.removal("victim-2", tenant: "attacker")
            ),
        ]
        return list
    }

    /// Every column of a tenant's users, as text.
    private func rows(of tenant: String, _ server: TestServer) throws -> [String] {
        try server.rows("SELECT * FROM users WHERE tenant_id = ? ORDER BY id", [tenant]).map(\.debugDescription)
    }

    @Test("keys guessed at speed are a 429 soon, also guessed in every odd form; a good key is served all the while")
    func guessing() async throws {
        var report = FaultReport(fault: "keys guessed at speed")
        try await TestServer.run { server in
            let good = GoodCaller(server)
            let guesses = FaultScale.pick(600, full: 20_000)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<guesses {
                    // Most by one letter only.
                    let guess =
                        [
                            TestServer.key.dropLast() + String(number % 10), "x", String(repeating: "k", count: 5000),
                            TestServer.key + "x", "null",
                        ][number % 5]
                    let header = number % 2 == 0 ? ["X-Internal-API-Key": guess] : ["Authorization": "Bearer \(guess)"]
                    if number >= 16 { _ = try await group.next() }
                    group.addTask {
                        try await HostileCall.send(
                            "GET", port: server.port, "/api/internal/sync/status", headers: header.mapValues { String($0) }
                        ).status
                    }
                }
                for _ in 0..<5 { try await good.submit(&report) }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            report.tries = guesses
            #expect(statuses.allSatisfy { $0 == 429 }, "\(Set(statuses))")
            #expect(
                try await HostileCall.send("GET", port: server.port, "/metrics", headers: ["X-Internal-API-Key": ""]).status
                    == 429)
            try await good.submit(&report)
        }
        try report.publish()
    }

    @Test("however many addresses fail, the table of them is bounded, and a new one costs little")
    func addresses() {
        let counter = FixedWindowCounter(window: 60, capacity: 2000)
        let now = Timestamp(seconds: 1_000_000)
        let start = ContinuousClock.now
        for number in 0..<20_000 { _ = counter.count("address \(number)", limit: 20, now: now) }
        #expect(counter.keys <= 2000)
        // A table that is walked for each of them takes minutes.
        #expect(start.duration(to: .now) < .seconds(30))
        for _ in 0..<20 { #expect(counter.count("one", limit: 20, now: now).used <= 20) }
        #expect(counter.count("one", limit: 20, now: now).used == 21)
    }
}
