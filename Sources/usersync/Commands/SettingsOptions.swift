import ArgumentParser
import Foundation
import Settings
import TerminalUI

/// Where settings come from; shared by every command that needs them.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The YAML file of settings; \(SettingsSource.defaultFile) by default.", valueName: "file"))
    var config: String?

    /// The environment and the files.
    func source() throws(SettingsFileError) -> SettingsSource { try SettingsSource(file: config) }

    /// The values, unchecked, each from the strongest layer.
    func values() throws(SettingsFileError) -> [String: String] { try source().values() }
}

extension SettingsSource {
    /// All settings as they are on this machine, checked.
    func read() throws(SettingsError) -> Settings.Reading {
        let process = ProcessInfo.processInfo
        return try read(processors: process.activeProcessorCount, home: process.environment["HOME"] ?? NSHomeDirectory())
    }
}

extension SettingDefinition {
    /// The table of settings for the help.
    static var helpText: String {
        Group.allCases.map { group in
            let rows = all.filter { $0.group == group }.map { definition in
                let head = "  \(definition.name)\(definition.defaultText.isEmpty ? "" : "=\(definition.defaultText)")"
                return ([head] + Format.wrapped(definition.summary, width: 74).map { "      \($0)" }).joined(separator: "\n")
            }
            return "\(group.rawValue)\n\(rows.joined(separator: "\n"))"
        }.joined(separator: "\n\n")
    }
}
