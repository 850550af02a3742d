import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Answers that cannot be read, or not in all parts")
struct UnreadAnswersTests {
    private static let environment = ["INTERNAL_API_KEY": FakeServer.key]
    private static let sync = "/api/internal/sync"

    private func run(_ arguments: [String], answer: String, to request: String) async throws -> CommandRunner.Outcome {
        try await FakeServer(answers: [request: (200, answer)]).serve { url in
            try await CommandRunner.run(arguments + ["--server", url], environment: Self.environment)
        }
    }

    @Test(
        "status names the parts of an answer that it cannot read, never says that all is well over them, and ends with 1",
        arguments: [
            (#"{"jobs":{},"directory":"down"}"#, "directory"), (#"{"jobs":{},"directory":{"status":"down"}}"#, "directory.state"),
            (#"{"jobs":[],"directory":{"state":"ok"}}"#, "jobs"), (#"{"jobs":{"queued":"many"}}"#, "jobs.queued"),
            (#"{"jobs":{},"webhooks":{"pending":1,"dead":1e300}}"#, "webhooks.dead"),
            (#"{"jobs":{},"retrying":[{"attempts":3}]}"#, "retrying[0].jobId"), (#"{"status":"ok"}"#, "jobs is missing"),
        ])
    func status(answer: String, part: String) async throws {
        let shown = try await run(["status"], answer: answer, to: "GET \(Self.sync)/status")
        #expect(shown.status == 1)
        #expect(shown.output.contains("cannot be read: \(part)") && !shown.output.contains("all is well"), "\(shown.output)")
        let json = try await run(["status", "--json"], answer: answer, to: "GET \(Self.sync)/status")
        #expect(json.status == 1)
        #expect(json.output == answer + "\n")
        #expect(json.error.contains("cannot be read: \(part)"))
    }

    @Test("status of a server that shows fewer parts, or more, is well")
    func otherVersion() async throws {
        let answer = #"{"jobs":{"running":1,"paused":2},"directory":{"state":"ok","since":null,"error":null},"later":[]}"#
        let shown = try await run(["status"], answer: answer, to: "GET \(Self.sync)/status")
        #expect(shown.status == 0 && shown.output.contains("all is well"))
    }

    @Test("lists and jobs warn of the parts that they do not show")
    func lists() async throws {
        let job = #"{"jobId":"j","status":"completed","tenant":{"id":"t"},"metadata":{"failed":"some"}}"#
        let show = try await run(["jobs", "show", FakeServer.job], answer: job, to: "GET \(Self.sync)/jobs/\(FakeServer.job)")
        #expect(show.status == 0 && show.error.contains("not shown: metadata.failed is not as expected"))
        let list = try await run(
            ["jobs"], answer: #"{"jobs":[{"jobId":"j","status":"completed","tenant":{"id":"t"},"failed":-1e300}]}"#,
            to: "GET \(Self.sync)/jobs")
        #expect(list.status == 0 && list.error.contains("not shown: jobs[0].failed is not as expected"))
    }

    @Test("what is not JSON is no data", arguments: ["<html>", "", "[1]", "{"])
    func notJSON(answer: String) async throws {
        for (arguments, request) in [
            (["status"], "GET \(Self.sync)/status"), (["jobs"], "GET \(Self.sync)/jobs"),
            (["deliveries"], "GET \(Self.sync)/deliveries"), (["deliveries", "test"], "POST \(Self.sync)/deliveries/test"),
            (["jobs", "cancel", FakeServer.job], "POST \(Self.sync)/jobs/\(FakeServer.job)/cancel"),
        ] {
            let outcome = try await run(arguments + ["--json"], answer: answer, to: request)
            #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.error.contains("is it a usersync server?"))
        }
    }

    @Test("redeliver --dead is one request, and says how many webhooks it reached")
    func redeliverDead() async throws {
        let outcome = try await run(
            ["deliveries", "redeliver", "--dead"], answer: #"{"redelivered":3}"#, to: "POST \(Self.sync)/deliveries/redeliver")
        #expect(outcome.status == 0 && outcome.error.contains("3 webhooks will be sent again now"))
    }

    @Test(
        "no number ends a command otherwise than with a status",
        arguments: [
            "9223372036854775807", "-9223372036854775808", "4611686018427387904", "-1", "1e300", "-1e300", "1e-300", "1e999",
            "0.5",
            "123456789012345678901234567890", "null", "true", #""7""#, "[]", "{}",
        ])
    func extremes(number: String) async throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("users.csv", "email,name\na@x.example,A\n")
        let answers = Answers(text: #""t""#, number: number)
        let commands = [
            ["status"], ["jobs"], ["jobs", "show", FakeServer.job, "--failed"], ["jobs", "retry", FakeServer.job, "--follow"],
            ["deliveries"], ["deliveries", "redeliver", "--dead"], ["submit", file, "--tenant", "acme", "--follow"],
        ]
        for all in [answers.byRequest, answers.refusals] {
            try await FakeServer(answers: all).serve { url in
                for command in commands {
                    let outcome = try await CommandRunner.run(command + ["--server", url], environment: Self.environment)
                    #expect((0...1).contains(outcome.status), "\(command): \(outcome)")
                    #expect(!(outcome.output + outcome.error).isEmpty)
                }
            }
        }
    }
}
