import ArgumentParser
import Foundation
import Settings
import TerminalUI

/// Where settings come from; shared by every command that needs them.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The YAML file of settings; \(SettingsSource.defaultFile) by default.", valueName: "file"))
    var config: String?

    /// The raw values, each from the strongest layer.
    func values() throws(SettingsFileError) -> [String: String] {
        try SettingsSource(file: config).values()
    }

    /// The settings that these raw values give on this machine, checked.
    static func read(_ values: [String: String]) throws(SettingsError) -> Settings.Reading {
        let process = ProcessInfo.processInfo
        return try Settings.read(
            processors: process.activeProcessorCount, home: process.environment["HOME"] ?? NSHomeDirectory()
        ) { values[$0] }
    }

    /// All settings, checked.
    func settings() throws -> Settings.Reading {
        try SettingsOptions.read(try values())
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
