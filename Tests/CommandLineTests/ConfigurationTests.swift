import Foundation
import SyncModel
import TestSupport
import Testing

@testable import usersync

@Suite("Where settings come from")
struct ConfigurationTests {
    private func values(
        environment: [String: String] = [:], env: String? = nil, yaml: String? = nil, file: String? = nil
    ) async throws -> [String: String] {
        let directory = try TemporaryDirectory()
        if let env { try directory.write(".env", env) }
        if let yaml { try directory.write("config/usersync.yaml", yaml) }
        return try await SettingsSource(environment: environment, directory: directory.path, file: file).values()
    }

    @Test("the environment stands over .env, and .env over config/usersync.yaml")
    func layers() async throws {
        let values = try await values(
            environment: ["PORT": "1"], env: "PORT=2\nHOST=h2\n", yaml: "PORT: 3\nHOST: h3\nDATA_DIR: d3\nMETRICS_PUBLIC: yes\n")
        #expect(values == ["PORT": "1", "HOST": "h2", "DATA_DIR": "d3", "METRICS_PUBLIC": "yes"])
    }

    @Test("what says nothing is not set: the layer below is asked")
    func unset() async throws {
        let below = "PORT: 3\nHOST: h3\n"
        #expect(try await values(environment: ["PORT": ""], env: "HOST= # none\n", yaml: below) == ["PORT": "3", "HOST": "h3"])
        #expect(try await values(environment: ["PORT": "\t# none"], env: "HOST=\n", yaml: below) == ["PORT": "3", "HOST": "h3"])
        for null in ["", " ~", " null", " Null", " NULL", " \"\"", " # none", "\t# none"] {
            let values = try await values(yaml: "PORT:\(null)\nTRUSTED_PROXIES:\(null)\nHOST: h3\n")
            #expect(values == ["HOST": "h3"], "PORT:\(null)")
        }
        #expect(try await values(yaml: "TRUSTED_PROXIES: [10.0.0.0/8, null, ~]\n") == ["TRUSTED_PROXIES": "10.0.0.0/8"])
        // Only YAML has a word for nothing.
        #expect(try await values(environment: ["HOST": "null", "DATA_DIR": "~"]) == ["HOST": "null", "DATA_DIR": "~"])
    }

    @Test("names count in their exact spelling, and those of others are none of ours")
    func exactNames() async throws {
        #expect(try await values(environment: ["port": "1", "PATH": "/bin"], env: "Port=2\nOTHER=3").isEmpty)
        // To Unicode the Kelvin sign is a K.
        #expect(try await values(environment: ["WOR\u{212A}ERS": "1"]).isEmpty)
        await #expect(throws: CommandFailure.self) { try await values(yaml: "WOR\u{212A}ERS: 1\n") }
    }

    @Test("no file at all is fine, but one that was asked for has to be there")
    func missing() async throws {
        #expect(try await values().isEmpty)
        await #expect(throws: CommandFailure.self) { try await values(file: "elsewhere.yaml") }
    }

    @Test(
        "a key of the YAML file that names no setting is refused by name",
        arguments: [
            "PROT: 3000\n", "port: 3000\n", "server:\n  PORT: 3000\n",
        ])
    func strangers(yaml: String) async throws {
        let name = yaml.hasPrefix("server") ? "server.PORT" : String(yaml.prefix { $0 != ":" })
        await #expect {
            try await values(yaml: yaml)
        } throws: { error in
            "\(error)".contains("no setting is called \(name)")
        }
    }

    @Test("a YAML list stands for a list of values, and for nothing else")
    func lists() async throws {
        #expect(try await values(yaml: "TRUSTED_PROXIES: [10.0.0.0/8, 192.0.2.1]\n")["TRUSTED_PROXIES"] == "10.0.0.0/8,192.0.2.1")
        await #expect(throws: CommandFailure.self) { try await values(yaml: "PORT: [1, 2]\n") }
    }

    @Test("YAML that cannot be read stops, and comments alone do not")
    func broken() async throws {
        for yaml in ["PORT: [\n", "- PORT\n", "PORT: 1\nPORT: 2\n"] {
            await #expect(throws: CommandFailure.self, "\(yaml)") { try await values(yaml: yaml) }
        }
        #expect(try await values(yaml: "# nothing\n\n").isEmpty)
    }

    @Test("a figure of the YAML file is read as it is written")
    func asWritten() async throws {
        let values = try await values(yaml: "MAX_REQUEST_BYTES: 536870912\nINTERNAL_API_KEY: 0123\nWORKERS: auto\nPORT: 3e3\n")
        #expect(values == ["MAX_REQUEST_BYTES": "536870912", "INTERNAL_API_KEY": "0123", "WORKERS": "auto", "PORT": "3e3"])
    }
}

@Suite(".env")
struct DotEnvFileTests {
    private func values(_ text: String) throws -> [String: String] { try DotEnvFile(text, path: ".env").values }

    @Test("names, values, comments, quotes and both kinds of line end")
    func reads() throws {
        let text =
            "\u{FEFF}# a comment\r\n\r\nA=1\r\nexport B = two words \nC=\"quoted # here\" # there\nD='single'\nE=a#b\nF=a #b\nG=\nH=x=y=\nA=2\nI= # c\nJ=\t# c\nK=x\t#c\nL=#x\nM=a#b\t # c # d\nN= #"
        #expect(
            try values(text) == [
                "A": "2", "B": "two words", "C": "quoted # here", "D": "single", "E": "a#b", "F": "a", "G": "", "H": "x=y=",
                "I": "",
                "J": "", "K": "x", "L": "#x", "M": "a#b", "N": "",
            ])
    }

    @Test("a mark that joins what stands before it hides no quote, no comment and no equals sign")
    func joined() throws {
        let joiner = "\u{200D}\u{301}"
        let read = try values("A=\"\(joiner)x\(joiner)\" #\(joiner) c\nB=\(joiner)y #\(joiner)\nC=z\(joiner)\n#\(joiner)=1")
        #expect(
            read.mapValues { Array($0.utf8) } == [
                "A": Array("\(joiner)x\(joiner)".utf8), "B": Array("\(joiner)y".utf8), "C": Array("z\(joiner)".utf8),
            ])
    }

    @Test(
        "a line that is none stops, named by its number and without its value",
        arguments: [
            "A=1\nsecret-value\n", "A=1\n=secret-value\n", "A=1\nB C=secret-value\n", "A=1\nB=\"secret-value\n",
            "A=1\nB='secret'-value\n",
        ])
    func refuses(text: String) {
        #expect {
            try values(text)
        } throws: { error in
            "\(error)".contains(".env, line 2") && !"\(error)".contains("secret")
        }
    }
}

@Suite("The files in config")
struct ConfigurationFileTests {
    @Test("usersync.yaml has every setting with its default, each under a line on it")
    func yaml() async throws {
        let path = Repository.root.appendingPathComponent("config/usersync.yaml").path
        let values = try await SettingsSource(environment: [:], directory: "/nonexistent", file: path).values()
        let defaults = SettingDefinition.all.filter { !$0.defaultText.isEmpty }.map { ($0.name, $0.defaultText) }
        #expect(values == Dictionary(defaults) { $1 })
        let lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        for definition in SettingDefinition.all {
            let at = try #require(lines.firstIndex { $0.hasPrefix("\(definition.name):") })
            #expect(lines[at - 1] == "# \(definition.summary)")
        }
    }

    @Test("example.env has every setting with its default, all but the required key commented out")
    func example() throws {
        let text = try String(contentsOf: Repository.root.appendingPathComponent("config/example.env"), encoding: .utf8)
        let lines = text.components(separatedBy: "\n")
        for definition in SettingDefinition.all {
            let isRequired = definition.name == "INTERNAL_API_KEY"
            let at = try #require(lines.firstIndex(of: "\(isRequired ? "" : "#")\(definition.name)=\(definition.defaultText)"))
            #expect(lines[at - 1] == "# \(definition.summary)")
        }
        #expect(try DotEnvFile(text, path: "example.env").values == ["INTERNAL_API_KEY": ""])
    }

    @Test("what the README's table says of a setting is so")
    func readmeTable() throws {
        let readme = try String(contentsOf: Repository.root.appendingPathComponent("README.md"), encoding: .utf8)
        var rows = 0
        for line in readme.components(separatedBy: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
            guard let definition = SettingDefinition.all.first(where: { $0.name == cells[0] }) else { continue }
            rows += 1
            #expect(cells[1] == (definition.defaultText.isEmpty ? "–" : definition.defaultText), "\(definition.name)")
        }
        #expect(rows >= 10)
    }

    @Test("the help of serve names every setting with its default and its line")
    func help() {
        let help = SettingDefinition.helpText
        for definition in SettingDefinition.all {
            #expect(help.contains("  \(definition.name)\(definition.defaultText.isEmpty ? "" : "=\(definition.defaultText)")\n"))
            #expect(help.replacing(/\s+/, with: " ").contains(definition.summary))
        }
    }
}
