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
            (
                "PORT: 1\nPROT: 2\n\nserver:\n  PORT: 3\n",
                "line 2: no setting is called PROT; PORT may be meant; line 4: PORT must stand at the outermost level"
            ),
            ("{HOST: h, INTERNAL_API_KEY:SECRET}", "line 1: INTERNAL_API_KEY must be followed by a colon and a blank"),
            ("DATABASE_URL:postgres://u:SECRET@h: x", "line 1: DATABASE_URL must be followed by a colon and a blank"),
            (
                "WEBHOOK_SECRETS: {whsec_SECRET, whsec_B}",
                "line 1: no setting is called WEBHOOK_SECRETS; WEBHOOK_SECRET may be meant"
            ),
            ("INTERNAL_API_KEY: {SECRET: 1, SECRET: 2}", "line 1: a name is set more than once"),
            ("PORT: 1\n<<: {HOST: h}\n", "line 2: HOST must stand at the outermost level"),
            ("PORT: 1\n[a]: 2\n", "line 2: a list or a mapping cannot be the name of a setting"),
            ("PORT: 1\nSECRET: 2\n", "line 2: no setting has this name; `usersync serve --help`"),
            ("HOST: h\nPORT: [1,\n", "line 3: while parsing a flow node"),
            ("HOST: h\n\tPORT: 1\n", "line 2: "), ("HOST: *nobody\n", "line 1: found undefined alias"),
            ("HOST: a\n---\nHOST: b\n", "line 2: expected a single document in the stream, but found another document"),
            ("HOST: a\nDATA_DIR: \u{1}\n", "line 2: control characters are not allowed"),
            ("- PORT\n", "s.yaml, line 1: must be a list of NAME: value"),
            ("PORT\n", "s.yaml, line 1: must be a list of NAME: value"),
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

    /// Ten values, each with nine times what the one before has: 9^9 scalars if they are counted out.
    private static func bomb(_ value: (Int) -> String) -> String {
        (1...10).reduce("L0: &l0 \(value(0))\n") { text, n in text + "L\(n): &l\(n) \(value(n))\n" }
    }
    private static let lists = bomb { n in
        n == 0 ? "[x]" : "[" + repeatElement("*l\(n - 1)", count: 9).joined(separator: ", ") + "]"
    }
    private static let mappings = bomb { n in
        n == 0 ? "{a: x}" : "{" + "abcdefghi".map { "\($0): *l\(n - 1)" }.joined(separator: ", ") + "}"
    }

    @Test(
        "aliases of aliases are refused with their line, before they are written out",
        .timeLimit(.minutes(1)),
        arguments: [
            "TRUSTED_PROXIES: *l10\n", "? *l10\n: x\n", "{*l10 : x}\n", "? [*l10]\n: x\n", "HOST: {*l10 : x, *l9 : y}\n",
            "<<: *l10\n", "<<: [*l10, *l9]\n",
        ])
    func bombs(last: String) {
        for bomb in [Self.lists, Self.mappings] {
            #expect(problem(bomb + last) == "s.yaml, line 3: a file of settings may have at most 10 aliases (*name)")
        }
    }

    @Test("one alias more than a file may have is refused, whatever it names")
    func aliasLimit() throws {
        func text(_ count: Int) -> String {
            "HOST: &h h\nWEBHOOK_ALLOWED_HOSTS: [\(repeatElement("*h", count: count).joined(separator: ", "))]\n"
        }
        #expect(try values(text(10))["HOST"] == "h")
        #expect(problem(text(11)) == "s.yaml, line 2: a file of settings may have at most 10 aliases (*name)")
    }

    @Test("asterisks that begin no alias do not count")
    func asterisks() throws {
        let headings = String(repeating: "# *** Webhooks ***\n# **** \n#* item\n", count: 20)
        let hosts = (0..<20).map { _ in #""*.example.com""# }.joined(separator: ", ")
        let text = headings + "WEBHOOK_ALLOWED_HOSTS: [\(hosts)]\nHOST: \"*/5 * * * *\"\n" + headings
        #expect(try values(text)["HOST"] == "*/5 * * * *")
    }

    @Test("as many aliases as a file may have are followed in no time, in keys too", .timeLimit(.minutes(1)))
    func fewAliases() {
        let wide = "L0: &l0 [\(repeatElement("x", count: 10_000).joined(separator: ","))]\n"
        let levels = (1...3).map { "L\($0): &l\($0) [*l\($0 - 1), *l\($0 - 1), *l\($0 - 1)]\n" }.joined()
        #expect(problem(wide + levels + "? *l3\n: x\n").contains("line 1: no setting has this name"))
    }

    @Test("what is nested too deeply is refused, in lists, mappings and keys", .timeLimit(.minutes(1)))
    func depth() {
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("{", ": x}"), ("- ", "")] {
            let text = "HOST: h\n\(String(repeating: open, count: 50_000))x\(String(repeating: close, count: 50_000))\n"
            #expect(problem(text).hasPrefix("s.yaml, line 2: "), "\(open)")
        }
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
