import Foundation
import GRDB
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

/// `Fixtures/queue-of-format-0.db` and `crm-of-format-0.db` are what a server of commit d8f3ea5 left behind when it was killed: it had
/// ended some jobs, one of them with a failed user; it had applied the first of six batches of another, two users of which wait for the
/// last pass; three jobs waited. Then the CRM's file was locked. Records had no format yet, and the queue's file was of version 1.
@Suite("Files of the version before records had a format")
struct OlderRecordsTests {
    private enum Job {
        static let failed = "01a2218f-1f1e-7196-b99d-0cc24b9d12ce"
        static let running = "01a2218f-1f6a-7604-9faf-2105f9f7667f"
        static let fields = "01a2218f-32ff-71cd-8b1f-6831ef0a1afb"
        static let removal = "01a2218f-3318-7384-9ac6-ea34b362b097"
        static let many = "01a2218f-3324-7b7d-9fdb-8eab18c27d8d"
    }

    /// The minute after the last job was accepted, in seconds since 1970.
    private static let moment: Double = 1_795_859_420

    private static let columns = [
        "wrapper_user_id", "kinde_user_id", "email", "name", "avatar", "is_active", "is_admin", "department", "title",
        "last_active_at", "roles", "permissions", "allowed_applications", "subscription_tier",
    ]

    /// A row as it is once the user was created, with what the request said of it beyond email and name.
    private func row(_ id: String?, _ email: String, _ name: String, _ said: [String: String?] = [:]) -> [String?] {
        let defaults: [String: String?] = ["is_active": "1", "is_admin": "0", "roles": "[]", "permissions": "[]"]
        let all = defaults.merging(["wrapper_user_id": id, "email": email, "name": name]) { $1 }.merging(said) { $1 }
        return Self.columns.map { all[$0] ?? nil }
    }

    /// One that has a value of its own in each column.
    private func full(_ number: Int, name: String? = nil, isActive: Bool = false) -> [String?] {
        row(
            "f-\(number)", "full.\(number)@fields.example", name ?? "Full \(number)",
            [
                "kinde_user_id": "kp_f\(number)", "avatar": "https://img.example/\(number).png",
                "is_active": isActive ? "1" : "0", "is_admin": "1", "department": "Department \(number)",
                "title": "Title \(number)",
                "last_active_at": "2026-11-0\(number)T08:00:00.000Z", "roles": #"["role-\#(number)"]"#,
                "permissions": #"["permission-\#(number)"]"#, "allowed_applications": #"["app-\#(number)"]"#,
                "subscription_tier": "tier-\(number)",
            ])
    }

    private func users(_ server: TestServer, of tenant: String) throws -> [[String?]] {
        let columns = Self.columns.map { "CAST(\($0) AS TEXT)" }.joined(separator: ", ")
        return try server.rows("SELECT \(columns) FROM users WHERE tenant_id = ? ORDER BY email", [tenant]).map { row in
            Self.columns.indices.map { row[$0] }
        }
    }

    private func open(_ body: (TestServer) async throws -> Void) async throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Fixtures")
        try await TestServer.inFolder { folder, receiver in
            for name in ["queue", "crm"] {
                try FileManager.default.copyItem(
                    at: fixtures.appending(path: "\(name)-of-format-0.db"), to: folder.appending(path: "data/\(name).sqlite"))
            }
            let queue = try DatabaseQueue(path: folder.appending(path: "data/queue.sqlite").path)
            let (version, formats) = try await queue.read { db in
                let formats = """
                    SELECT DISTINCT hex(substr(records, 4, 1))
                    FROM (SELECT records FROM payloads UNION ALL SELECT record FROM deferred)
                    """
                return (try Int.fetchOne(db, sql: "PRAGMA user_version"), try String.fetchAll(db, sql: formats))
            }
            #expect(version == 1 && formats == ["00"])
            try queue.close()
            let clock = TestClock.running()
            clock.advance(Self.moment - Date().timeIntervalSince1970)
            try await TestServer.start(folder: folder, receiver: receiver, clock: clock, body)
        }
    }

    @Test("a waiting job with every field, with nulls, with invalid users and a removal behind it: each column is what was sent")
    func everyField() async throws {
        try await open { server in
            let job = try await server.ended(Job.fields)
            #expect(job.status.string == "completed_with_errors")
            let counts = job.metadata
            #expect(counts.created.int == 4 && counts.updated.int == 2 && counts.failed.int == 2 && counts.totalUsers.int == 8)
            let failed = try await server.get("/api/internal/sync/jobs/\(Job.fields)/results?status=failed").json.results
            #expect(failed.array.map(\.code.string) == ["invalid_user", "invalid_user"])
            #expect(
                failed.array.map(\.error.string) == [
                    #""users[4].email" must be a valid email"#, #""users[5]" must be of type object"#,
                ])
            #expect(failed[0].userId.string == "f-5" && failed[0].email.string == "broken")
            #expect(try await server.ended(Job.removal).status.string == "completed")
            let odd = row(
                "f-1", "full.one@fields.example", #"Ada "Byte" Lovelace"#,
                [
                    "kinde_user_id": "kp_f1", "avatar": "https://img.example/1.png", "is_admin": "1",
                    "department": "Ingénierie 🚀",
                    "title": "", "last_active_at": "2026-11-01T10:30:00.000Z", "roles": #"["admin","user"]"#,
                    "permissions": #"["read","write"]"#, "allowed_applications": #"{"crm":true,"hr":[1,2]}"#,
                    "subscription_tier": "premium",
                ])
            #expect(
                try users(server, of: "fields") == [
                    row("f-2", "full.2@fields.example", "Null Two"),
                    row("f-3", "full.3@fields.example", "False Three", ["is_active": "0"]),
                    row(nil, "full.4@fields.example", "No Id Four"),
                    // Sent as active, and removed by the job behind.
                    full(7),
                    full(8, name: "Kept Eight"),
                    odd,
                ])
        }
    }

    @Test("a job under way goes on where it was, those who wait for the last pass with it")
    func underWay() async throws {
        try await open { server in
            let job = try await server.ended(Job.running)
            #expect(job.status.string == "completed")
            #expect(job.metadata.created.int == 298 && job.metadata.updated.int == 2 && job.metadata.totalUsers.int == 300)
            let expected =
                [
                    row("r-2", "a1@run.example", "Swap Two", ["title": "Now One", "subscription_tier": "gold"]),
                    row("r-1", "a2@run.example", "Swap One", ["title": "Now Two", "department": "Swapped"]),
                ]
                + (3...300).map { number in
                    let digits = String(repeating: "0", count: 3 - String(number).count) + String(number)
                    return row("r-\(digits)", "b\(digits)@run.example", "Slow \(digits)", ["title": "T\(digits)"])
                }
            #expect(try users(server, of: "run") == expected)
        }
    }

    @Test("users who each have one field beyond the two required: it is in its own column")
    func oneField() async throws {
        let said: [[String: String?]] = [
            ["kinde_user_id": "kp_only"], ["avatar": "https://img.example/only.png"], ["department": "Only Department"],
            ["title": "Only Title"], ["last_active_at": "2026-11-09T09:09:09.000Z"], ["allowed_applications": #"["only"]"#],
            ["subscription_tier": "only"], ["is_active": "0"], ["is_admin": "1"], ["roles": #"["only"]"#],
            ["permissions": #"["only"]"#],
        ]
        let expected: [[String?]] = (0..<60).map { number in
            let digits = number < 10 ? "0\(number)" : "\(number)"
            return row("m-\(digits)", "m\(digits)@many.example", "Many \(digits)", said[number % said.count])
        }
        try await open { server in
            let job = try await server.ended(Job.many)
            #expect(job.status.string == "completed")
            let users = try users(server, of: "many")
            #expect(users == expected)
        }
    }

    @Test("a failed user of a job that had ended is retried from its kept record")
    func retried() async throws {
        try await open { server in
            _ = try await server.ended(Job.fields)
            // The address belonged to a user of another tenant.
            try server.execute("DELETE FROM users WHERE wrapper_user_id = 'o-1'")
            let retry = try await server.act("jobs/\(Job.failed)/retry")
            #expect(try await server.ended(try #require(retry.json.jobId.string)).status.string == "completed")
            #expect(
                try users(server, of: "failing") == [
                    row("x-2", "good@failing.example", "Good Two"),
                    row(
                        "x-1", "shared@other.example", "Failed One",
                        ["department": "Sales", "title": "Clerk", "subscription_tier": "basic"]),
                ])
        }
    }

    @Test("and the file is one that earlier versions refuse from then on")
    func raised() async throws {
        try await open { server in
            #expect(try server.queueRows("PRAGMA user_version")[0][0] == 6)
            for id in [Job.fields, Job.removal, Job.running, Job.many] { _ = try await server.ended(id) }
            #expect(try server.queueRows("SELECT 1 FROM deferred").isEmpty)
            _ = try await server.synced([Bodies.user("n-1", "new@new.example")])
        }
    }
}
