import ServerTestSupport
import TestSupport
import Testing

@Suite("An answer of 2xx that is not the one asked for")
struct OtherServersAnswersTests {
    private static let environment = ["INTERNAL_API_KEY": FakeServer.key]
    private static let sync = "/api/internal/sync"

    /// Every command that asks a server to do something or for a list; `FILE` is one of users.
    private static let commands: [[String]] = [
        ["jobs"], ["jobs", "show", FakeServer.job], ["jobs", "show", FakeServer.job, "--failed"],
        ["jobs", "show", FakeServer.job, "--follow"], ["jobs", "retry", FakeServer.job],
        ["jobs", "retry", FakeServer.job, "--follow"], ["jobs", "cancel", FakeServer.job], ["deliveries"],
        ["deliveries", "redeliver", "msg_1"], ["deliveries", "redeliver", "--dead"], ["deliveries", "test"],
        ["tenants", "alias"], ["tenants", "alias", "set", "org_1", "acme"], ["tenants", "alias", "forget", "org_1"],
        ["tenants", "alias", "merge", "org_1", "acme"], ["tenants", "alias", "merge", "org_1", "acme", "--yes"],
        ["tenants", "merges"], ["tenants", "merges", "cancel", "7"], ["submit", "FILE", "--tenant", "acme"],
        ["submit", "FILE", "--tenant", "acme", "--follow"],
    ]

    private static let good = Answers(text: #""t""#).byRequest

    /// Runs each command, with and without `--json`: it fails, and says neither that it is done nor what it was answered.
    private func expectFailure(
        _ commands: [[String]], _ answers: [String: (status: Int, body: String)], saysDone: Bool = false
    ) async throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("users.csv", "email,name\na@x.example,A\n")
        try await FakeServer(answers: answers).serve { url in
            for command in commands + commands.map({ $0 + ["--json"] }) {
                let outcome = try await CommandRunner.run(
                    command.map { $0 == "FILE" ? file : $0 } + ["--server", url], environment: Self.environment)
                #expect(outcome.status == 1, "\(command)")
                #expect(outcome.output.isEmpty && (saysDone || !outcome.error.contains("✔")), "\(command): \(outcome)")
                #expect(outcome.error.contains("the server's answer"), "\(command): \(outcome.error)")
            }
        }
    }

    @Test(
        "is no success, whichever command gets it, and is not printed as data",
        arguments: ["<html>It works!</html>", #"{"success":false,"error":"no"}"#, #"{"success":true}"#, "[]", ""])
    func other(answer: String) async throws {
        try await expectFailure(Self.commands, Self.good.mapValues { _ in (200, answer) })
    }

    @Test("is no success if it says so itself")
    func failed() async throws {
        let answers: [String: (status: Int, body: String)] = Self.good.mapValues { status, body in
            (status, #"{"success":false,"# + body.dropFirst().replacing(#""success":true,"#, with: ""))
        }
        // A job's own success is that of its users.
        let acting = Self.commands.filter { $0.prefix(2) != ["jobs", "show"] && $0.prefix(2) != ["jobs", "cancel"] }
        try await expectFailure(acting, answers)
    }

    @Test(
        "is none after one that was right",
        arguments: [
            (["submit", "FILE", "--tenant", "acme", "--follow"], "GET \(sync)/jobs/\(FakeServer.job)"),
            (["jobs", "retry", FakeServer.job, "--follow"], "GET \(sync)/jobs/\(FakeServer.job)"),
            (["tenants", "alias", "merge", "org_1", "acme", "--yes"], "POST \(sync)/tenants/aliases/merge"),
            (["tenants", "merges", "cancel", "7"], "POST \(sync)/tenants/merges/7/cancel"),
        ])
    func later(command: [String], request: String) async throws {
        var answers = Self.good
        answers[request] = (200, #"{"success":true,"message":"done","merge":"later"}"#)
        try await expectFailure([command], answers, saysDone: true)
    }
}
