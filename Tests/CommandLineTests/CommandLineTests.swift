import Foundation
import ServerTestSupport
import SyncAPI
import SyncServer
import TestSupport
import Testing

@Suite("The command line, as a process")
struct CommandLineTests {
    static let commands: [[String]] = [
        ["serve"], ["demo"], ["submit"], ["jobs"], ["jobs", "list"], ["jobs", "show"], ["jobs", "retry"], ["jobs", "cancel"],
        ["deliveries"], ["deliveries", "list"], ["deliveries", "redeliver"], ["deliveries", "test"], ["tenants"],
        ["tenants", "alias"], ["tenants", "alias", "list"], ["tenants", "alias", "set"], ["tenants", "alias", "forget"],
        ["tenants", "alias", "merge"], ["tenants", "merges"], ["tenants", "merges", "list"], ["tenants", "merges", "cancel"],
        ["status"], ["listen"], ["check"], ["keygen"],
    ]

    @Test("every command has a help with an example, and it ends with 0", arguments: [[]] + commands)
    func help(command: [String]) async throws {
        let outcome = try await CommandRunner.run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLE"))
        #expect(outcome.output.contains("usersync \(command.first ?? "")"))
        #expect(outcome.error.isEmpty)
    }

    @Test("--version tells the version that the OpenAPI document has")
    func version() async throws {
        let outcome = try await CommandRunner.run(["--version"])
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        #expect(outcome.output == JSONValue(Data(OpenAPIDocument.json())).info.version.string.map { "\($0)\n" })
    }

    @Test("the list of commands above is whole")
    func commandsAreAll() async throws {
        let help = try await CommandRunner.run(["--help"]).output
        let named = try #require(help.components(separatedBy: "SUBCOMMANDS:").last).split(separator: "\n")
            .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See '") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(Set(named) == Set(Self.commands.map { $0[0] }))
    }

    @Test(
        "bad usage ends with 2 and says so on standard error",
        arguments: [
            ["fly"], ["submit"], ["jobs", "show"], ["jobs", "show", "x"],
            ["jobs", "list", "--limit", "0"],
            ["jobs", "list", "--status", "sleeping"], ["jobs", "list", "--since", "yesterday"], ["deliveries", "redeliver"],
            ["deliveries", "redeliver", "../x"], ["deliveries", "list", "--state", "x"], ["listen", "--port", "70000"],
            ["status", "--interval", "0"], ["demo", "--users", "3"], ["submit", "x.json", "--idempotency-key", ""],
            ["submit", "x", "--format", "xml"],
        ])
    func badUsage(arguments: [String]) async throws {
        let outcome = try await CommandRunner.run(arguments)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("Error: "))
    }

    @Test("keygen prints a new key of 32 bytes, alone on standard output")
    func keygen() async throws {
        let first = try await CommandRunner.run(["keygen"])
        let second = try await CommandRunner.run(["keygen"])
        #expect(first.status == 0)
        let key = first.output.trimmingCharacters(in: .newlines)
        #expect(key.count == 43)
        #expect(
            key.utf8.allSatisfy { c in
                (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c) || c == 0x2D || c == 0x5F
            })
        #expect(first.output != second.output)
    }

    @Test("keygen --webhook prints what the first internal key derives, else a random secret, and says which")
    func keygenWebhook() async throws {
        let environment = ["INTERNAL_API_KEY": "\(FakeServer.key),another-key-of-good-length"]
        let derived = try await CommandRunner.run(["keygen", "--webhook"], environment: environment)
        // printf usersync-webhook-v1 | openssl dgst -sha256 -hmac KEY -binary | base64
        #expect(derived.output == "whsec_0qjQlO85StBPxIWpa7GmuLJTPxJKCf1ZExY8zPjmz2Y=\n")
        #expect(derived.error.contains("derived from the first INTERNAL_API_KEY"))
        let random = try await CommandRunner.run(["keygen", "--webhook"])
        #expect(random.output.hasPrefix("whsec_") && random.output.count == 6 + 44 + 1)
        #expect(random.error.contains("random"))
        let json = try await CommandRunner.run(["keygen", "--webhook", "--json"], environment: environment)
        #expect(json.output.contains("\"derived\":true"))
    }

    @Test(
        "keygen --webhook reads INTERNAL_API_KEY as the server does: without white space around a key, nor empty ones",
        arguments: [
            "\(FakeServer.key)\n", "\r\n\(FakeServer.key)\n,another-key-of-good-length", " ,\(FakeServer.key)",
            ",\n,\(FakeServer.key)",
        ])
    func keygenWebhookWhiteSpace(keys: String) async throws {
        let derived = try await CommandRunner.run(["keygen", "--webhook"], environment: ["INTERNAL_API_KEY": keys])
        #expect(derived.output == "whsec_0qjQlO85StBPxIWpa7GmuLJTPxJKCf1ZExY8zPjmz2Y=\n")
    }

    @Test("serve stops with 78 and names every setting that is not valid, but no secret")
    func settingsErrors() async throws {
        let outcome = try await CommandRunner.run(
            ["serve"], environment: ["PORT": "80a", "INTERNAL_API_KEY": "tiny", "DATABASE_URL": "postgres://u:hush@h/db"])
        #expect(outcome.status == 78)
        #expect(outcome.error.contains("PORT: must be an integer from 0 to 65535"))
        #expect(outcome.error.contains("INTERNAL_API_KEY: the key has 4 characters"))
        #expect(outcome.error.contains("DATABASE_URL: postgres:// is not supported"))
        #expect(!outcome.error.contains("hush") && !outcome.error.contains("tiny"))
    }

    @Test(
        "serve stops with 78 where queue and CRM are one file, by whatever names, and where a file of settings is none; with 1 where it cannot be read"
    )
    func unusableConfiguration() async throws {
        let folder = try TemporaryDirectory()
        let crm = try folder.write("crm.sqlite", "")
        try FileManager.default.linkItem(atPath: crm, toPath: folder.path + "/queue.sqlite")
        let environment = ["INTERNAL_API_KEY": FakeServer.key, "PORT": "0", "DATA_DIR": folder.path]
        let oneFile = try await CommandRunner.run(["serve"], environment: environment)
        #expect(oneFile.status == 78 && oneFile.error.contains("QUEUE_URL and DATABASE_URL name one file"))
        let odd = try folder.write("odd.yaml", "- a\n- list\n")
        let list = try await CommandRunner.run(["serve", "--config", odd], environment: environment)
        #expect(list.status == 78 && list.error.contains("odd.yaml"))
        // Its folder may be there the next time.
        let none = try await CommandRunner.run(["serve", "--config", folder.path + "/none.yaml"], environment: environment)
        #expect(none.status == 1 && none.error.contains("none.yaml"))
    }

    @Test("check ends with 1 where a setting is not valid, and --json says what")
    func checkFails() async throws {
        let outcome = try await CommandRunner.run(["check", "--offline", "--json"], environment: ["PORT": "80a"])
        #expect(outcome.status == 1)
        let document = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(document["ready"] as? Bool == false)
        let findings = try #require(document["findings"] as? [[String: Any]])
        let texts = findings.compactMap { $0["text"] as? String }
        #expect(texts.contains { $0.hasPrefix("PORT: ") })
        #expect(texts.contains { $0.hasPrefix("INTERNAL_API_KEY: ") })
    }

    @Test("a server that is not there is told in a sentence, with 1")
    func unreachable() async throws {
        let outcome = try await CommandRunner.run(["status", "--server", "http://127.0.0.1:1"])
        #expect(outcome.status == 1)
        #expect(
            outcome.error == "usersync: http://127.0.0.1:1 cannot be reached: it refuses the connection; is the server running?\n"
        )
    }
}
