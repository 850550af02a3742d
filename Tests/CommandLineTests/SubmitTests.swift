import Foundation
import HTTPTypes
import ServerTestSupport
import TestSupport
import Testing

@Suite("submit, against a server over HTTP")
struct SubmitTests {
    private static let environment = ["INTERNAL_API_KEY": FakeServer.key]

    private static func run(
        _ arguments: [String], to server: FakeServer, environment: [String: String] = environment, input: Data? = nil
    ) async throws -> CommandRunner.Outcome {
        try await server.serve { url in
            try await CommandRunner.run(arguments + ["--server", url], environment: environment, input: input)
        }
    }

    private static func header(_ name: String, _ received: FakeServer.Received) -> String? {
        HTTPField.Name(name).flatMap { received.headers[$0] }
    }

    @Test("the guide's JSON goes out byte for byte, its tenant in the header")
    func jsonAsItIs() async throws {
        let directory = try TemporaryDirectory()
        // Larger than any buffer on the way, and the tenant stands behind the users.
        let users = (0..<20_000).map { #"{ "email":"u\#($0)@x.example", "name":"Ü \#($0)" }"# }.joined(separator: ",\n")
        let json = "{\"operation\":\"user_sync\",\"users\":[\(users)],\"tenant\":{\"name\":\"A\",\"id\":\"acme-\\u00e9\"}}\n"
        let path = try directory.write("sync.json", json)
        let server = FakeServer()
        let outcome = try await Self.run(["submit", path, "--idempotency-key", "k1", "--source", "nightly"], to: server)
        #expect(outcome.status == 0)
        let received = try #require(await server.received.first)
        #expect(received.body == Array(json.utf8))
        #expect(Self.header("X-Tenant-ID", received) == "acme-é")
        #expect(Self.header("X-Sync-Source", received) == "nightly")
        #expect(Self.header("Idempotency-Key", received) == "k1")
        #expect(Self.header("Content-Length", received) == "\(json.utf8.count)")
        #expect(outcome.error.contains("Accepted 3 users for sync, job \(FakeServer.job)"))
        #expect(outcome.error.contains("shoeSize"))
        #expect(outcome.output.isEmpty)
    }

    @Test("from standard input too, where the tenant stands at the head")
    func jsonFromInput() async throws {
        let json = #"{"tenant":{"id":"acme","name":"A"},"operation":"user_sync","users":[]}"#
        let server = FakeServer()
        let outcome = try await Self.run(["submit", "-"], to: server, input: Data(json.utf8))
        #expect(outcome.status == 0)
        #expect(await server.received.first?.body == Array(json.utf8))
    }

    @Test("CSV becomes the guide's JSON")
    func csv() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("users.csv", "email,name,isActive,roles\na@x.example,\"Doe, Ann\",yes,user;manager\n")
        let server = FakeServer()
        let outcome = try await Self.run(["submit", path, "--tenant", "acme", "--tenant-name", "Acme \"Ltd\""], to: server)
        #expect(outcome.status == 0)
        let received = try #require(await server.received.first)
        #expect(
            String(decoding: received.body, as: UTF8.self)
                == #"{"operation":"user_sync","tenant":{"id":"acme","name":"Acme \"Ltd\""},"users":[{"email":"a@x.example","name":"Doe, Ann","isActive":true,"roles":["user","manager"]}],"metadata":{"syncedBy":"usersync submit"}}"#
        )
        #expect(Self.header("X-Tenant-ID", received) == "acme")
    }

    @Test("a compressed body inflates to the same bytes")
    func gzip() async throws {
        let directory = try TemporaryDirectory()
        let users = (0..<5_000).map { #"{"email":"u\#($0)@x.example","name":"N \#($0)"}"# }.joined(separator: ",")
        let json = "{\"operation\":\"user_sync\",\"tenant\":{\"id\":\"acme\",\"name\":\"A\"},\"users\":[\(users)]}"
        let path = try directory.write("sync.json", json)
        let server = FakeServer()
        let outcome = try await Self.run(["submit", path, "--gzip"], to: server)
        #expect(outcome.status == 0)
        let received = try #require(await server.received.first)
        #expect(Self.header("Content-Encoding", received) == "gzip")
        #expect(received.body.count < json.utf8.count / 4)
        let packed = try directory.write("body.gz", Data(received.body))
        let gunzip = Process()
        gunzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
        gunzip.arguments = ["-d", packed]
        try gunzip.run()
        gunzip.waitUntilExit()
        #expect(gunzip.terminationStatus == 0)
        #expect(try String(contentsOfFile: "\(directory.path)/body", encoding: .utf8) == json)
    }

    @Test("--follow watches the job to its end, and failed users are listed and make the status 1")
    func followToFailure() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("sync.json", #"{"operation":"user_sync","tenant":{"id":"acme","name":"A"},"users":[]}"#)
        let server = FakeServer(looks: [
            FakeServer.look("queued", counts: [:]), FakeServer.look("running", counts: ["created": 1]),
            FakeServer.look("completed_with_errors", counts: ["created": 2, "failed": 1, "successful": 2]),
        ])
        let outcome = try await Self.run(["submit", path, "--follow"], to: server)
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("completed with errors: 2 created, 1 failed"))
        #expect(outcome.error.contains("b@x.example"))
        #expect(outcome.error.contains("email_in_other_tenant"))
        #expect(outcome.error.contains("usersync jobs retry \(FakeServer.job)"))
        #expect(!outcome.error.contains("\u{1B}"), "no colours and no cursor where nobody looks")
        #expect(await server.received.filter { $0.path == "/api/internal/sync/jobs/\(FakeServer.job)" }.count == 3)
    }

    @Test("--follow --json prints the finished job, and a job without failures ends with 0")
    func followToSuccess() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("users.ndjson", "{\"email\":\"a@x.example\",\"name\":\"A\"}\n")
        let last = FakeServer.look("completed", counts: ["created": 3])
        let outcome = try await Self.run(
            ["submit", path, "--tenant", "acme", "--follow", "--json"], to: FakeServer(looks: [last]))
        #expect(outcome.status == 0)
        #expect(outcome.output == last + "\n")
    }

    @Test("a cancelled and a failed job end with 1", arguments: ["cancelled", "failed"])
    func followToEnd(status: String) async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("sync.json", #"{"tenant":{"id":"acme","name":"A"}}"#)
        let outcome = try await Self.run(
            ["submit", path, "--follow"], to: FakeServer(looks: [FakeServer.look(status, counts: ["created": 1])]))
        #expect(outcome.status == 1)
    }

    @Test("a wrong key and no key are told apart, and the key is never shown")
    func unauthorized() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("sync.json", #"{"tenant":{"id":"acme","name":"A"}}"#)
        let wrong = try await Self.run(
            ["submit", path], to: FakeServer(), environment: ["INTERNAL_API_KEY": "another-key-than-theirs"])
        #expect(wrong.status == 1)
        #expect(wrong.error.contains("401: Unauthorized - Invalid API key"))
        #expect(wrong.error.contains("not one of the server's"))
        #expect(!wrong.error.contains("another-key"))
        let none = try await Self.run(["submit", path], to: FakeServer(), environment: [:])
        #expect(none.error.contains("No key was sent"))
        let keyFile = try directory.write("key", "\(FakeServer.key)\n")
        let right = try await Self.run(["submit", path, "--key-file", keyFile], to: FakeServer(), environment: [:])
        #expect(right.status == 0)
    }

    @Test("what the server says of a request's mistakes is shown")
    func violations() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("sync.json", #"{"tenant":{"id":"acme","name":"A"}}"#)
        let refusal =
            #"{"success":false,"error":"Invalid request format","timestamp":"2025-08-19T10:00:00.000Z","requestId":"r7","errorCount":412,"details":[{"path":["users",17,"email"],"message":"\"users[17].email\" must be a valid email","type":"string.email"}]}"#
        let server = FakeServer(answers: ["POST /api/internal/sync/users": (400, refusal)])
        let outcome = try await Self.run(["submit", path], to: server)
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("400: Invalid request format"))
        #expect(outcome.error.contains("\"users[17].email\" must be a valid email"))
        #expect(outcome.error.contains("and 411 more"))
        #expect(outcome.error.contains("Request r7"))
    }

    @Test(
        "a file that cannot become a request is refused with its line, and nothing is accepted",
        arguments: [
            ("users.csv", "email,name\na@x.example,A,extra\n", "line 2 has 3 cells"),
            ("users.csv", "mail,name\n", "needs the columns email and name"),
            ("users.ndjson", "{\"email\":\"a\"}\n\n{\"email\":\n", "line 3 is not one whole JSON object"),
            ("sync.json", "[1]", "has no tenant.id"),
        ])
    func brokenFiles(name: String, text: String, message: String) async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(name, text)
        let arguments = ["submit", path] + (name == "sync.json" ? [] : ["--tenant", "acme"])
        let outcome = try await Self.run(arguments, to: FakeServer())
        #expect(outcome.status == 1)
        #expect(outcome.error.contains(message))
        #expect(!outcome.error.contains("Accepted"))
    }

    @Test("jobs, deliveries and status show what the server lists")
    func lists() async throws {
        let job = FakeServer.look("completed", counts: ["updated": 3])
        let server = FakeServer(answers: [
            "GET /api/internal/sync/jobs": (200, "{\"jobs\":[\(job)],\"nextCursor\":\"c2\"}"),
            "GET /api/internal/sync/deliveries": (
                200,
                #"{"deliveries":[{"id":"msg_1","type":"user_sync.completed","state":"dead","attempts":9,"lastStatus":503,"lastError":"busy\u001b[2J"}],"nextCursor":null}"#
            ),
            "GET /api/internal/sync/status": (
                200, #"{"jobs":{"running":1},"webhooks":{"pending":0,"dead":2,"lastError":"HTTP 503"}}"#
            ),
        ])
        let outcomes = try await server.serve { url in
            let rest = ["--server", url]
            return [
                try await CommandRunner.run(
                    ["jobs", "--status", "completed", "--tenant", "a+b"] + rest, environment: Self.environment),
                try await CommandRunner.run(["deliveries"] + rest, environment: Self.environment),
                try await CommandRunner.run(["status"] + rest, environment: Self.environment),
            ]
        }
        #expect(outcomes.map(\.status) == [0, 0, 0])
        #expect(outcomes[0].output.contains(FakeServer.job) && outcomes[0].output.contains("100 %"))
        #expect(outcomes[0].error.contains("--cursor c2"))
        #expect(await server.received.first?.path == "/api/internal/sync/jobs?status=completed&tenantId=a%2Bb&limit=20")
        #expect(outcomes[1].output.contains("msg_1") && outcomes[1].output.contains("503 busy"))
        #expect(!outcomes[1].output.contains("\u{1B}"), "a server's text cannot move the cursor")
        #expect(outcomes[2].output.contains("2 webhooks were given up, the last error: HTTP 503"))
    }
}
