import Foundation
import TestSupport
import Testing

@testable import Settings

@Suite("Where settings come from")
struct SettingsSourceTests {
    private func values(
        environment: [String: String] = [:], env: String? = nil, yaml: String? = nil, file: String? = nil
    ) throws -> [String: String] {
        let directory = try TemporaryDirectory()
        if let env { try directory.write(".env", env) }
        if let yaml { try directory.write("config/usersync.yaml", yaml) }
        return try SettingsSource(environment: environment, directory: directory.path, file: file).values()
    }

    @Test("the environment stands over .env, and .env over config/usersync.yaml")
    func layers() throws {
        let values = try values(
            environment: ["PORT": "1"], env: "PORT=2\nHOST=h2\n", yaml: "PORT: 3\nHOST: h3\nDATA_DIR: d3\nMETRICS_PUBLIC: yes\n")
        #expect(values == ["PORT": "1", "HOST": "h2", "DATA_DIR": "d3", "METRICS_PUBLIC": "yes"])
    }

    @Test("what says nothing is not set: the layer below is asked")
    func unset() throws {
        let below = "PORT: 3\nHOST: h3\n"
        #expect(try values(environment: ["PORT": ""], env: "HOST= # none\n", yaml: below) == ["PORT": "3", "HOST": "h3"])
        #expect(try values(environment: ["PORT": "\t# none"], env: "HOST=\n", yaml: below) == ["PORT": "3", "HOST": "h3"])
        for null in ["", " ~", " null", " Null", " NULL", " \"\"", " # none", "\t# none"] {
            let values = try values(yaml: "PORT:\(null)\nTRUSTED_PROXIES:\(null)\nHOST: h3\n")
            #expect(values == ["HOST": "h3"], "PORT:\(null)")
        }
        #expect(try values(yaml: "TRUSTED_PROXIES: [10.0.0.0/8, null, ~]\n") == ["TRUSTED_PROXIES": "10.0.0.0/8"])
        // Only YAML has a word for nothing.
        #expect(try values(environment: ["HOST": "null", "DATA_DIR": "~"]) == ["HOST": "null", "DATA_DIR": "~"])
    }

    @Test("white space around a value, line ends included, is not part of it")
    func whiteSpace() throws {
        let values = try values(environment: ["PORT": " 1\n", "HOST": "\u{A0}h\r\n"], yaml: "INTERNAL_API_KEY: |\n  key\n")
        #expect(values == ["PORT": "1", "HOST": "h", "INTERNAL_API_KEY": "key"])
    }

    @Test("names count in their exact spelling, and those of others are none of ours")
    func exactNames() throws {
        #expect(try values(environment: ["port": "1", "PATH": "/bin"], env: "Port=2\nOTHER=3").isEmpty)
        // To Unicode the Kelvin sign is a K.
        #expect(try values(environment: ["WOR\u{212A}ERS": "1"]).isEmpty)
        #expect(throws: SettingsFileError.self) { try values(yaml: "WOR\u{212A}ERS: 1\n") }
    }

    @Test("names in .env that no setting has are remarks; quoted are only those that resemble one")
    func remarks() throws {
        let directory = try TemporaryDirectory()
        try directory.write(".env", "PORT=1\nINTERNAL_APY_KEY=hush\nNODE_OPTIONS=hush\nhush==\n\nPROT=2\nHOST=h\n")
        let source = try SettingsSource(environment: ["PROT": "3"], directory: directory.path)
        #expect(
            source.warnings.map(\.description) == [
                ".env (line 2): no setting is called INTERNAL_APY_KEY; INTERNAL_API_KEY may be meant",
                ".env (line 6): no setting is called PROT; PORT may be meant",
                ".env (line 3 and 1 more): no setting has this name",
            ])
    }

    @Test("no file at all is fine, but one that was asked for has to be there")
    func missing() throws {
        #expect(try values().isEmpty)
        #expect(throws: SettingsFileError.self) { try values(file: "elsewhere.yaml") }
    }

    @Test(
        "a key of the YAML file that names no setting is refused by name",
        arguments: [
            "PROT: 3000\n", "port: 3000\n", "server:\n  PORT: 3000\n",
        ])
    func strangers(yaml: String) {
        let name = yaml.hasPrefix("server") ? "server.PORT" : String(yaml.prefix { $0 != ":" })
        #expect {
            try values(yaml: yaml)
        } throws: { error in
            let expected = name == "server.PORT" ? "PORT must stand at the outermost level" : "no setting is called \(name)"
            return "\(error)".contains(expected)
        }
    }

    @Test("a YAML list stands for a list of values, and for nothing else")
    func lists() throws {
        #expect(try values(yaml: "TRUSTED_PROXIES: [10.0.0.0/8, 192.0.2.1]\n")["TRUSTED_PROXIES"] == "10.0.0.0/8,192.0.2.1")
        #expect(throws: SettingsFileError.self) { try values(yaml: "PORT: [1, 2]\n") }
    }

    @Test("YAML that cannot be read stops, and comments alone do not")
    func broken() throws {
        for yaml in ["PORT: [\n", "- PORT\n", "PORT: 1\nPORT: 2\n"] {
            #expect(throws: SettingsFileError.self, "\(yaml)") { try values(yaml: yaml) }
        }
        #expect(try values(yaml: "# nothing\n\n").isEmpty)
    }

    @Test("a figure of the YAML file is read as it is written")
    func asWritten() throws {
        let values = try values(yaml: "MAX_REQUEST_BYTES: 536870912\nINTERNAL_API_KEY: 0123\nWORKERS: auto\nPORT: 3e3\n")
        #expect(values == ["MAX_REQUEST_BYTES": "536870912", "INTERNAL_API_KEY": "0123", "WORKERS": "auto", "PORT": "3e3"])
    }

    @Test("a file that is too large for settings, or has no end, is refused without being read", .timeLimit(.minutes(1)))
    func huge() throws {
        for name in [".env", "config/usersync.yaml"] {
            let directory = try TemporaryDirectory()
            try directory.write(name, "")
            // Without blocks on the disk: 64 GiB of nothing.
            #expect(truncate("\(directory.path)/\(name)", 64 << 30) == 0)
            #expect(throws: SettingsFileError("\(name) is larger than 256 KiB: it is not a file of settings")) {
                try SettingsSource(environment: [:], directory: directory.path)
            }
        }
        #expect(throws: SettingsFileError("/dev/zero is larger than 256 KiB: it is not a file of settings")) {
            try values(file: "/dev/zero")
        }
        #expect(try values(env: "HOST=\(String(repeating: "a", count: 256 * 1024 - 5))")["HOST"]?.count == 256 * 1024 - 5)
        #expect(throws: SettingsFileError.self) { try values(env: "HOST=\(String(repeating: "a", count: 256 * 1024 - 4))") }
    }
}
