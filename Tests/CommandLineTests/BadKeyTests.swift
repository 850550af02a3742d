import Foundation
import HTTPTypes
import ServerTestSupport
import TestSupport
import Testing

@Suite("Keys and headers that cannot be sent")
struct BadKeyTests {
    private func run(_ arguments: [String], key: String? = FakeServer.key) async throws -> CommandRunner.Outcome {
        let server = FakeServer(answers: Answers(text: #""t""#).byRequest)
        let outcome = try await server.serve { url in
            try await CommandRunner.run(
                arguments + ["--server", url], environment: key.map { ["INTERNAL_API_KEY": $0] } ?? [:])
        }
        #expect(await server.received.isEmpty || outcome.status == 0)
        return outcome
    }

    @Test(
        "a key with a line end or a control character is bad usage, wherever it is from, and is not printed",
        arguments: ["\n", "\r\n", "\r", "\t", "\u{1B}[31m", "\u{7F}", "\u{85}", "\u{2028}", " ", "\u{202E}"])
    func control(between: String) async throws {
        let key = "hush-\(between)-\(FakeServer.key)"
        let folder = try TemporaryDirectory()
        let file = try folder.write("key", "\(key)\n")
        for outcome in [
            try await run(["status"], key: key), try await run(["status", "--key-file", file], key: nil),
            try await run(["jobs"], key: "\(key),\(FakeServer.key)"),
        ] {
            #expect(outcome.status == 2)
            #expect(outcome.error.contains("visible ASCII"))
            #expect(!(outcome.output + outcome.error).contains("hush") && !outcome.error.contains(FakeServer.key))
        }
    }

    @Test(
        "a key file may have white space around the key, and an end of line of any kind", arguments: ["\n", "\r\n", "", " \n\n"])
    func around(end: String) async throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("key", " \(FakeServer.key)\(end)")
        #expect(try await run(["status", "--key-file", file], key: nil).status == 0)
    }

    @Test("white space around a key of the settings is not part of it", arguments: ["\n", "\r\n", " \n,\n"])
    func around(setting end: String) async throws {
        #expect(try await run(["status"], key: " \(FakeServer.key)\(end)").status == 0)
        #expect(try await run(["status"], key: "\(end),\(FakeServer.key)").status == 0)
    }

    @Test("a key file that is empty, missing, a folder, too long or endless is bad usage, for a reason in words")
    func files() async throws {
        let folder = try TemporaryDirectory()
        for (file, reason) in [
            (try folder.write("empty", "\n"), "is empty"), (folder.path + "/none", "cannot be read: No such file or directory"),
            (folder.path, "cannot be read: Is a directory"), ("/dev/zero", "has more than 4096 bytes"),
            (try folder.write("long", String(repeating: "k", count: 4097)), "has more than 4096 bytes"),
        ] {
            let outcome = try await run(["status", "--key-file", file], key: nil)
            #expect(outcome.status == 2 && outcome.error.contains("the key file \(file) \(reason)"), "\(outcome.error)")
            #expect(!outcome.error.contains("reached"))
        }
        let most = try folder.write("most", String(repeating: "k", count: 4095) + "\n")
        #expect(try await run(["status", "--key-file", most], key: nil).status == 0)
    }

    @Test(
        "what names the tenant of users is there and fits, or it is bad usage; a name and a source are sent without spaces around"
    )
    func tenant() async throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("users", #"{"email":"a@x.example","name":"A"}"# + "\n")
        for arguments in [
            [], ["--format", "ndjson"], ["--format", "csv"], ["--tenant", "t", "--tenant-name", ""],
            ["--tenant", "t", "--tenant-name", " "], ["--tenant", "t", "--tenant-name", String(repeating: "n", count: 256)],
        ] {
            let outcome = try await run(["submit", file] + arguments)
            #expect(outcome.status == 2 && outcome.error.contains("--tenant"), "\(arguments): \(outcome)")
        }
        let server = FakeServer()
        let outcome = try await server.serve { url in
            try await CommandRunner.run(
                ["submit", file, "--tenant", " acme ", "--source", " my source ", "--server", url],
                environment: ["INTERNAL_API_KEY": FakeServer.key])
        }
        let sent = try #require(await server.received.first)
        #expect(outcome.status == 0)
        #expect(sent.headers[.init("X-Tenant-ID")!] == "acme" && sent.headers[.init("X-Sync-Source")!] == "my source")
        #expect(String(decoding: sent.body, as: UTF8.self).contains(#""id":"acme""#))
    }

    @Test(
        "a text that no server takes for a filter or a name is bad usage",
        arguments: [
            ["jobs", "--tenant"], ["jobs", "--source"], ["jobs", "--cursor"], ["deliveries", "--tenant"],
            ["deliveries", "--cursor"],
            ["tenants", "alias", "--tenant"], ["tenants", "alias", "--cursor"], ["tenants", "merges", "--cursor"],
            ["tenants", "alias", "set", "a"], ["tenants", "alias", "forget"], ["tenants", "alias", "merge", "a"],
        ])
    func filters(arguments: [String]) async throws {
        for text in ["", String(repeating: "x", count: 1025)] {
            let outcome = try await run(arguments + [text])
            #expect(outcome.status == 2 && outcome.error.contains(" must have 1 to "), "\(outcome.error)")
        }
    }

    @Test("an --interval that nothing is shown at is bad usage")
    func interval() async throws {
        let outcome = try await run(["status", "--interval", "5"])
        #expect(outcome.status == 2 && outcome.error.contains("--interval is for --watch"))
    }

    @Test(
        "what cannot be sent in a header is bad usage, and no server is asked",
        arguments: [
            ["--source", "a\nb"], ["--source", ""], ["--source", "a\u{7F}"], ["--idempotency-key", "a b"],
            ["--idempotency-key", "é"], ["--idempotency-key", "a\r"], ["--idempotency-key", String(repeating: "k", count: 256)],
            ["--tenant", "a\tb"], ["--tenant", ""], ["--tenant", " "], ["--tenant", String(repeating: "t", count: 256)],
            ["--source", " "], ["--source", String(repeating: "s", count: 256)],
            ["--source", String(repeating: "s", count: 20_000)],
        ])
    func headers(arguments: [String]) async throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("sync.json", #"{"tenant":{"id":"acme","name":"A"},"users":[]}"#)
        let outcome = try await run(["submit", file] + arguments)
        #expect(outcome.status == 2)
        #expect(outcome.error.contains("\(arguments[0]) ") && !outcome.error.contains("reached"))
    }

    @Test("a PORT that cannot be used matters only where no server is named")
    func port() async throws {
        for port in ["0", "80a"] {
            let values = ["INTERNAL_API_KEY": FakeServer.key, "PORT": port]
            let server = FakeServer(answers: Answers(text: #""t""#).byRequest)
            let statuses = try await server.serve { url in
                let named = try await CommandRunner.run(["status", "--server", url], environment: values)
                let given = values.merging(["PUBLIC_URL": url]) { $1 }
                return [named.status, try await CommandRunner.run(["status"], environment: given).status]
            }
            #expect(statuses == [0, 0])
            let none = try await CommandRunner.run(["status"], environment: values)
            #expect(none.status == 1 && none.error.contains("PORT is not a port to connect to"))
        }
    }

    @Test("an address that is none is bad usage")
    func address() async throws {
        #expect(try await CommandRunner.run(["status", "--server", "crm"]).status == 2)
    }
}
