import Foundation
import TestSupport
import Testing

@testable import Settings

@Suite("The YAML file of settings")
struct YAMLFileTests {
    private func values(_ text: String) throws -> [String: String] { try YAMLFile(text, path: "s.yaml").values }

    private func problem(_ text: String) -> String {
        do {
            return "nothing: \(try values(text))"
        } catch {
            return "\(error)"
        }
    }

    @Test("a file without content sets nothing", arguments: ["", "\n", "# nothing\n\n", "---\n", "---\n...\n", "~\n", "{}\n"])
    func empty(text: String) throws {
        #expect(try values(text).isEmpty)
    }

    @Test("plain, quoted and folded scalars count as they are written")
    func scalars() throws {
        let text =
            "PORT: 0o17\nHOST: 'a # b'\nDATA_DIR: \"x\\ty\"\nLOG_LEVEL: >-\n  in\n  fo\nPUBLIC_URL: !!str 12\nWORKERS: 'null'\n"
        #expect(
            try values(text) == [
                "PORT": "0o17", "HOST": "a # b", "DATA_DIR": "x\ty", "LOG_LEVEL": "in fo", "PUBLIC_URL": "12",
                "WORKERS": "null",
            ])
    }

    @Test("an alias is the value that it names")
    func aliases() throws {
        let text = "HOST: &h crm\nDATA_DIR: *h\nTRUSTED_PROXIES: &p [10.0.0.1, *h]\nCORS_ALLOWED_ORIGINS: *p\n"
        #expect(
            try values(text) == [
                "HOST": "crm", "DATA_DIR": "crm", "TRUSTED_PROXIES": "10.0.0.1,crm", "CORS_ALLOWED_ORIGINS": "10.0.0.1,crm",
            ])
    }

    @Test(
        "what is wrong is named with its line",
        arguments: [
            ("PORT: 1\nHOST: h\nPORT: 2\n", "line 1: PORT is set more than once"),
            ("# c\nPORT: [1, 2]\n", "line 2: PORT must be an integer from 0 to 65535"),
            ("HOST:\n  name: h\n", "line 2: HOST must be an IP address or a host name, without scheme and port"),
            ("\nTRUSTED_PROXIES: [[a]]\n", "line 2: TRUSTED_PROXIES must be an address or a range"),
            ("PORT: 1\nPROT: 2\n\nserver:\n  PORT: 3\n", "no setting is called PROT (line 2), server.PORT (line 4)"),
            ("{HOST: h, INTERNAL_API_KEY:SECRET}", "no setting is called INTERNAL_API_KEY… (line 1)"),
            ("DATABASE_URL:postgres://u:SECRET@h: x", "no setting is called DATABASE_URL… (line 1)"),
            ("WEBHOOK_SECRETS: {whsec_SECRET, whsec_B}", "no setting is called WEBHOOK_SECRETS (line 1)"),
            ("INTERNAL_API_KEY: {SECRET: 1, SECRET: 2}", "line 1: a name is set more than once"),
            ("PORT: 1\n<<: {HOST: h}\n", "no setting is called <<.HOST (line 2)"),
            ("PORT: 1\n[a]: 2\n", "no setting is called (not a name) (line 2)"),
            ("HOST: h\nPORT: [1,\n", "line 3: while parsing a flow node"),
            ("HOST: h\n\tPORT: 1\n", "line 2: "), ("HOST: *nobody\n", "line 1: found undefined alias"),
            ("HOST: a\n---\nHOST: b\n", "line 2: expected a single document in the stream, but found another document"),
            ("HOST: a\nDATA_DIR: \u{1}\n", "line 2: control characters are not allowed"),
            ("- PORT\n", "s.yaml: must be a list of NAME: value"), ("PORT\n", "s.yaml: must be a list of NAME: value"),
        ])
    func problems(text: String, expected: String) {
        let problem = problem(text)
        #expect(problem.hasPrefix("s.yaml") && problem.contains(expected), "\(problem)")
    }

    @Test(
        "no message holds a value",
        arguments: [
            "INTERNAL_API_KEY: hush-hush\nPORT: [\n", "INTERNAL_API_KEY: {hush-hush: hush-hush}\n",
            "INTERNAL_API_KEY: hush-hush\nINTERNAL_API_KEY: hush-hush\n", "WEBHOOK_SECRET: \"hush-hush\nPORT: 1\n",
            "WEBHOOK_SECRET: *hush\nHOST: hush-hush\n", "WEBHOOK_SECRET: hush-hush\u{0}\n", "- hush-hush\n", "hush-hush\n",
            "KEY: hush-hush\n", "WEBHOOK_SECRET: @hush-hush\n", "WEBHOOK_SECRET: hush-hush: hush-hush\n",
        ])
    func silence(text: String) {
        let problem = problem(text)
        #expect(problem.hasPrefix("s.yaml"), "\(problem)")
        #expect(!problem.contains("hush-hush"), "\(problem)")
    }

    /// Thirty lists, each of nine times the one before: 9^30 scalars if somebody counted them out.
    private static let bomb = (1...30).reduce("L0: &l0 [x]\n") { text, n in
        text + "L\(n): &l\(n) [" + repeatElement("*l\(n - 1)", count: 9).joined(separator: ", ") + "]\n"
    }

    @Test("aliases of aliases are not written out", .timeLimit(.minutes(1)))
    func bomb() {
        #expect(problem(Self.bomb).contains("no setting is called L0 (line 1), L1 (line 2)"))
        let asValue = problem(Self.bomb.replacing("L30", with: "TRUSTED_PROXIES"))
        #expect(asValue.contains("line 31: TRUSTED_PROXIES must be an address or a range"), "\(asValue.prefix(500))")
        let mappings = (1...30).reduce("L0: &l0 {a: x}\n") { text, n in
            text + "L\(n): &l\(n) {" + "abcdefghi".map { "\($0): *l\(n - 1)" }.joined(separator: ", ") + "}\n"
        }
        #expect(problem(mappings).contains("L30 (line 31)"))
    }

    @Test("a file that is not UTF-8 is refused with the line")
    func notUTF8() throws {
        for name in [".env", "config/usersync.yaml"] {
            let directory = try TemporaryDirectory()
            try directory.write(name, Data("HOST=a\n#\nHOST=\u{fc}".unicodeScalars.map { UInt8($0.value) }))
            #expect(throws: SettingsFileError("\(name), line 3: is not UTF-8 text")) {
                try SettingsSource(environment: [:], directory: directory.path)
            }
        }
    }
}
