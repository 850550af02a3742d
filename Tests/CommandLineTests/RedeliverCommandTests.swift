import ServerTestSupport
import TestSupport
import Testing

@Suite("usersync deliveries: which webhooks, and what is said of them")
struct RedeliverCommandTests {
    private static let environment = ["INTERNAL_API_KEY": FakeServer.key]
    private static let path = "/api/internal/sync/deliveries"

    private func run(
        _ arguments: [String], _ answers: [String: (status: Int, body: String)]
    ) async throws -> (outcome: CommandRunner.Outcome, asked: [String]) {
        let server = FakeServer(answers: answers)
        let outcome = try await server.serve { url in
            try await CommandRunner.run(["deliveries"] + arguments + ["--server", url], environment: Self.environment)
        }
        return (outcome, await server.received.map(\.path))
    }

    private func answer(_ id: String, due: String) -> String {
        #"{"message":"","delivery":{"id":"\#(id)","state":"pending","nextAttemptAt":\#(due)}}"#
    }

    private static let time = #""2026-11-28T23:00:00.000Z""#

    @Test(
        "redeliver --dead says how many are sent now, and of those that wait for what and until when",
        arguments: [
            ("", ["3 webhooks will be sent again now"]),
            (
                #","waiting":2,"waitsUntil":\#(time)"#,
                ["3 webhooks will be sent again, 1 of them now", "2 of them wait until 2026-11-28T23:00:00.000Z at most"]
            ),
            (
                #","waiting":2,"behind":2"#,
                ["3 webhooks will be sent again, 1 of them now", "2 of them wait for an earlier webhook of the tenant"]
            ),
            (
                #","waiting":3,"behind":2,"waitsUntil":\#(time)"#,
                [
                    "3 webhooks will be sent again later", "2 of them wait for an earlier webhook of the tenant",
                    "1 of them waits until 2026-11-28T23:00:00.000Z at most",
                ]
            ),
        ])
    func dead(waits: String, sentences: [String]) async throws {
        let (outcome, asked) = try await run(
            ["redeliver", "--dead"], ["POST \(Self.path)/redeliver": (202, #"{"redelivered":3\#(waits)}"#)])
        #expect(outcome.status == 0 && asked == ["\(Self.path)/redeliver?state=dead"])
        for sentence in sentences { #expect(outcome.error.contains(sentence), "\(outcome.error)") }
        #expect(outcome.error.split(separator: "\n").count == sentences.count)
    }

    @Test("redeliver does not say now of a webhook that waits for an earlier one of its tenant")
    func waits() async throws {
        for (dues, sentence) in [
            (["null"], "1 webhook will be sent again later"), ([Self.time], "1 webhook will be sent again now"),
            ([Self.time, "null", "null"], "3 webhooks will be sent again, 1 of them now"),
        ] {
            var answers: [String: (status: Int, body: String)] = [:]
            for (n, due) in dues.enumerated() {
                answers["POST \(Self.path)/msg_\(n)/redeliver"] = (202, answer("msg_\(n)", due: due))
            }
            let (outcome, _) = try await run(["redeliver"] + dues.indices.map { "msg_\($0)" }, answers)
            #expect(outcome.status == 0 && outcome.error.contains(sentence), "\(outcome.error)")
            for (n, due) in dues.enumerated() {
                #expect(outcome.error.contains("msg_\(n) waits for an earlier webhook of its tenant") == (due == "null"))
            }
        }
    }

    @Test("redeliver says what it did, and which ids are unknown, and goes on to those behind")
    func unknown() async throws {
        let answers: [String: (status: Int, body: String)] = [
            "POST \(Self.path)/msg_1/redeliver": (202, answer("msg_1", due: Self.time)),
            "POST \(Self.path)/msg_3/redeliver": (202, answer("msg_3", due: Self.time)),
        ]
        let (outcome, asked) = try await run(["redeliver", "msg_1", "msg_2", "msg_3"], answers)
        #expect(outcome.status == 1 && asked.count == 3)
        #expect(outcome.error.contains("msg_2: the server answered 404"))
        #expect(outcome.error.contains("2 webhooks will be sent again now"))
        let html = answers.merging(["POST \(Self.path)/msg_2/redeliver": (200, "<html>")]) { $1 }
        let (broken, few) = try await run(["redeliver", "msg_1", "msg_2", "msg_3"], html)
        #expect(broken.status == 1 && few.count == 2 && broken.error.contains("1 webhook will be sent again now"))
    }

    @Test("a tenant and a job narrow the list and --dead; what narrows nothing is bad usage, and so is what no server takes")
    func filters() async throws {
        let job = FakeServer.job
        let (redelivered, asked) = try await run(
            ["redeliver", "--dead", "--tenant", "a&b", "--job", job],
            ["POST \(Self.path)/redeliver": (202, #"{"redelivered":0}"#)])
        #expect(redelivered.status == 0)
        #expect(asked == ["\(Self.path)/redeliver?state=dead&tenantId=a%26b&jobId=\(job)"])
        let (listed, from) = try await run(["list", "--tenant", "acme"], ["GET \(Self.path)": (200, #"{"deliveries":[]}"#)])
        #expect(listed.status == 0 && from == ["\(Self.path)?tenantId=acme&limit=20"])
        for arguments in [
            ["redeliver", "msg_1", "--tenant", "acme"], ["redeliver", "msg_1", "--job", job], ["redeliver", "--tenant", "acme"],
            ["redeliver", "--dead", "--tenant", ""], ["redeliver", "--dead", "--job", "7"], ["redeliver", "--dead", "msg_1"],
            ["redeliver", String(repeating: "m", count: 129)], ["list", "--tenant", String(repeating: "t", count: 256)],
            ["list", "--cursor", ""],
        ] {
            let (refused, none) = try await run(arguments, [:])
            #expect(refused.status == 2 && none.isEmpty, "\(arguments): \(refused)")
        }
    }
}
