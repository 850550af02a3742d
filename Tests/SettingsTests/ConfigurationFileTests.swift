import Foundation
import Settings
import Testing

@Suite("The files in config")
struct ConfigurationFileTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("usersync.yaml has every setting with its default, each under a line on it")
    func yaml() throws {
        let path = Self.root.appendingPathComponent("config/usersync.yaml").path
        let values = try SettingsSource(environment: [:], directory: "/nonexistent", file: path).values()
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
        let text = try String(contentsOf: Self.root.appendingPathComponent("config/example.env"), encoding: .utf8)
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
        let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
        var rows = 0
        for line in readme.components(separatedBy: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
            guard let definition = SettingDefinition.all.first(where: { $0.name == cells[0] }) else { continue }
            rows += 1
            #expect(cells[1] == (definition.defaultText.isEmpty ? "–" : definition.defaultText), "\(definition.name)")
        }
        #expect(rows >= 10)
    }
}
