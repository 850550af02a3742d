import Foundation
import ServerTestSupport
import Settings
import TestSupport
import Testing

@Suite("Settings that cannot be used, as a process")
struct SettingsSecrecyTests {
    /// Stands where a key may stand, by design or by mistake. It could be a name and part of an address, too.
    private static let secret = "q8ZtL0wY2x1vKJr5mB3nD9sF"

    /// Ways to break a file, each with a word of the message that says where.
    struct Broken: Sendable, CustomTestStringConvertible {
        /// A line for each setting, with `NAME` for its name and `SECRET` for its value.
        let line: String
        var end = ""
        var place = "line "

        func text() -> String {
            let lines = SettingDefinition.all.map { line.replacing("NAME", with: $0.name) + "\n" }.joined()
            return (lines + end).replacing("SECRET", with: SettingsSecrecyTests.secret)
        }

        var testDescription: String { line + end }
    }

    private static let yaml = [
        Broken(line: "NAME: SECRET", end: "PORT: [\n"), Broken(line: "NAME: SECRET", end: "\tHOST: x\n"),
        Broken(line: "NAME: SECRET", end: "SECRET\n"), Broken(line: "NAME: SECRET", end: "HOST: \u{1}SECRET\n"),
        Broken(line: "NAME: SECRET", end: "HOST: SECRET\n"), Broken(line: "NAME: SECRET", end: "---\nSECRET\n"),
        Broken(line: "NAME: \"SECRET"), Broken(line: "NAME: 'SECRET"), Broken(line: "NAME: \"\\qSECRET\""),
        Broken(line: "NAME: \"SECRET\" SECRET"), Broken(line: "NAME: @SECRET"), Broken(line: "NAME: %SECRET"),
        Broken(line: "NAME: `SECRET`"), Broken(line: "NAME: SECRET: SECRET"), Broken(line: "NAME: *SECRET"),
        Broken(line: "NAME: &SECRET &SECRET x"), Broken(line: "NAME: !<SECRET x"), Broken(line: "NAME: !SECRET!x SECRET"),
        Broken(line: "NAME: {SECRET: SECRET, SECRET: x}"), Broken(line: "NAME: [SECRET"), Broken(line: "NAME: {SECRET"),
        Broken(line: "NAME: [[SECRET]]"), Broken(line: "NAME: {a: SECRET}"), Broken(line: "NAME: |SECRET"),
        Broken(line: "NAME:SECRET"), Broken(line: "NAME:SECRET: x"), Broken(line: "NAME=SECRET: x"),
        Broken(line: "NAMES: SECRET"), Broken(line: "{NAME:SECRET}"), Broken(line: "? SECRET\n: NAME"),
        Broken(line: "SECRET:\n  NAME: SECRET", end: ""), Broken(line: "- SECRET"),
        Broken(line: "SECRET"), Broken(line: "", end: "%SECRET SECRET\n---\nHOST: x\n"),
        Broken(line: "", end: "SECRET: x\n"), Broken(line: "", end: "<<: {SECRET: SECRET}\n"),
    ]

    private static let dotEnv = [
        Broken(line: "NAME=\"SECRET"), Broken(line: "NAME='SECRET"), Broken(line: "NAME='SECRET' SECRET"),
        Broken(line: "NAME SECRET"), Broken(line: "NAME: SECRET"), Broken(line: "SECRET"), Broken(line: "=SECRET"),
        Broken(line: "NA ME=SECRET"), Broken(line: "", end: "SECRET=\"SECRET\n"),
        // These are read: PORT is none.
        Broken(line: "", end: "PORT=SECRET\nSECRET==\n", place: ".env, line "),
        Broken(line: "", end: "INTERNAL_APY_KEY=SECRET\nPORT=SECRET\n", place: ".env, line "),
        Broken(line: "NAME=SECRET", place: ".env, line "), Broken(line: "NAME=http://u:SECRET@h:99999/#SECRET"),
    ]

    private static let values = [
        "SECRET", "http://u:SECRET@h:99999/", "postgres://u:SECRET@h/db", "SECRET\u{1}", "SECRET,SECRET,-SECRET", "\"SECRET\"",
        "SECRET # SECRET", "whsec_SECRET!",
    ]

    private func expectSilence(
        _ arguments: [String], environment: [String: String] = [:], in folder: TemporaryDirectory, status: Int32, place: String,
        isLog: Bool
    ) async throws {
        let outcome = try await CommandRunner.run(arguments, environment: environment, directory: folder.path)
        let said = outcome.output + outcome.error
        #expect(outcome.status == status, "\(said)")
        #expect(!said.lowercased().contains(Self.secret.lowercased()), "\(said)")
        #expect(said.contains(place), "\(said)")
        guard isLog else { return }
        for line in said.split(separator: "\n") {
            let json = JSONValue(Data(line.utf8))
            #expect(json.level.string != nil && json.message.string != nil && json.time.string != nil, "\(line)")
        }
    }

    @Test("a file with a mistake is named with the line and without what stands there", arguments: [yaml, dotEnv])
    func files(ways: [Broken]) async throws {
        for way in ways {
            let folder = try TemporaryDirectory()
            try folder.write(ways.count == Self.yaml.count ? "config/usersync.yaml" : ".env", way.text())
            try await expectSilence(["serve"], in: folder, status: 78, place: way.place, isLog: true)
            try await expectSilence(["check", "--offline"], in: folder, status: 1, place: way.place, isLog: false)
        }
    }

    @Test("a value that is not valid is named by its setting alone", arguments: values)
    func environment(value: String) async throws {
        let value = value.replacing("SECRET", with: Self.secret)
        let environment = Dictionary(SettingDefinition.all.map { ($0.name, value) }) { $1 }
        let folder = try TemporaryDirectory()
        for format in ["json", value] {
            try await expectSilence(
                ["serve"], environment: environment.merging(["LOG_FORMAT": format]) { $1 }, in: folder, status: 78,
                place: "PORT: ",
                isLog: true)
        }
        try await expectSilence(["check"], environment: environment, in: folder, status: 1, place: "PORT: ", isLog: false)
    }

    @Test(
        "what only a later part finds ends the start the same way",
        arguments: [
            ["WEBHOOK_ALLOWED_HOSTS": "1.\(secret).2.3"], ["DATA_DIR": "/dev/null/\(secret)"],
            ["QUEUE_URL": "sqlite:/dev/null"], ["QUEUE_URL": "sqlite:\(secret)", "DATABASE_URL": "sqlite:./\(secret)"],
            ["WEBHOOK_ALLOWED_HOSTS": "1.2.3"],
        ])
    func laterParts(environment: [String: String]) async throws {
        let folder = try TemporaryDirectory()
        try await expectSilence(
            ["serve"],
            environment: ["INTERNAL_API_KEY": FakeServer.key, "PORT": "0"].merging(environment) { $1 }, in: folder, status: 78,
            place: environment.keys.first ?? "", isLog: true)
    }

    @Test("arguments that serve does not take end it with 2 and a line of the log, and are not repeated")
    func arguments() async throws {
        for arguments in [["--port", Self.secret], ["INTERNAL_API_KEY=\(Self.secret)"], ["--\(Self.secret)"], ["--config"]] {
            let folder = try TemporaryDirectory()
            try await expectSilence(["serve"] + arguments, in: folder, status: 2, place: "serve --help", isLog: true)
        }
        for file in [".env", "nothing"] {
            let folder = try TemporaryDirectory()
            try folder.write(file, "LOG_FORMAT=text\n")
            let outcome = try await CommandRunner.run(["serve", "x"], directory: folder.path)
            #expect(outcome.error.hasPrefix("{") == (file != ".env") && outcome.status == 2, "\(outcome.error)")
        }
    }

    @Test("a queue's file that cannot be used ends the start with 1, and its path is not repeated")
    func queueFile() async throws {
        let folder = try TemporaryDirectory()
        let text = try folder.write("\(Self.secret).sqlite", String(repeating: "no database ", count: 100))
        for path in [folder.path + "/\(Self.secret)/q.sqlite", text] {
            let environment = ["INTERNAL_API_KEY": FakeServer.key, "PORT": "0", "QUEUE_URL": "sqlite:\(path)"]
            try await expectSilence(["serve"], environment: environment, in: folder, status: 1, place: "QUEUE_URL", isLog: true)
        }
    }

    @Test("the format of the log is known before the files are read, white space around it or not")
    func earlyFormat() async throws {
        let folder = try TemporaryDirectory()
        try folder.write("config/usersync.yaml", "PORT: [\n")
        let outcome = try await CommandRunner.run(["serve"], environment: ["LOG_FORMAT": " text\n"], directory: folder.path)
        #expect(outcome.status == 78 && outcome.error.contains("line ") && !outcome.error.hasPrefix("{"), "\(outcome.error)")
    }

    @Test("a host that is none ends the start with 1, since a name may be found the next time, and is not repeated")
    func unknownHost() async throws {
        let folder = try TemporaryDirectory()
        let environment = ["INTERNAL_API_KEY": FakeServer.key, "PORT": "0", "HOST": "\(Self.secret).invalid"]
        try await expectSilence(["serve"], environment: environment, in: folder, status: 1, place: "HOST: ", isLog: true)
    }

    @Test("warnings are lines of the log, in the format asked for", arguments: ["json", "text"])
    func warnings(format: String) async throws {
        let folder = try TemporaryDirectory()
        try folder.write(".env", "INTERNAL_APY_KEY=\(Self.secret)\nLOG_FORMAT=\(format)\n\(Self.secret)=1\nHOST=0.0.0.0\n")
        let outcome = try await CommandRunner.run(
            ["serve"], environment: ["INTERNAL_API_KEY": FakeServer.key, "DATA_DIR": "/dev/null/x"], directory: folder.path)
        let lines = outcome.error.split(separator: "\n")
        #expect(outcome.output.isEmpty && outcome.status == 78)
        let expected = [
            ("warning", ".env (line 1): no setting is called INTERNAL_APY_KEY; INTERNAL_API_KEY may be meant"),
            ("warning", ".env (line 3): no setting has this name"), ("warning", "HOST (.env, line 4): "),
            ("critical", "DATA_DIR: the folder cannot be made: Not a directory"),
        ]
        try #require(lines.count == expected.count, "\(outcome.error)")
        for (line, (level, text)) in zip(lines, expected) {
            let json = JSONValue(Data(line.utf8))
            #expect((json.level.string == level) == (format == "json") && line.contains(text), "\(line)")
        }
        #expect(!outcome.error.contains(Self.secret))
    }

    @Test("a pipe or a folder as a file of settings is refused at once", arguments: [".env", "config/usersync.yaml"])
    func noFiles(name: String) async throws {
        for kind in ["pipe", "folder"] {
            let folder = try TemporaryDirectory()
            let path = folder.path + "/" + name
            try FileManager.default.createDirectory(atPath: folder.path + "/config", withIntermediateDirectories: true)
            if kind == "pipe" {
                #expect(mkfifo(path, 0o600) == 0)
            } else {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            let place = "\(name) is a \(kind), not a file"
            try await expectSilence(["serve"], in: folder, status: 78, place: place, isLog: true)
            try await expectSilence(["check", "--offline"], in: folder, status: 1, place: place, isLog: false)
        }
    }
}
