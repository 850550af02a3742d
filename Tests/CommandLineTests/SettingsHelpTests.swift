import Settings
import Testing

@testable import usersync

@Suite("The help on settings")
struct SettingsHelpTests {
    @Test("the help of serve names every setting with its default and its line")
    func help() {
        let help = SettingDefinition.helpText
        for definition in SettingDefinition.all {
            #expect(help.contains("  \(definition.name)\(definition.defaultText.isEmpty ? "" : "=\(definition.defaultText)")\n"))
            #expect(help.replacing(/\s+/, with: " ").contains(definition.summary))
        }
    }
}
