import Foundation

/// Where settings come from: the environment, over `.env`, over `config/usersync.yaml`.
package struct SettingsSource: Sendable {
    /// The YAML file that is read if no other is named; it may be missing.
    package static let defaultFile = "config/usersync.yaml"

    /// The values of one source by name.
    private struct Layer: Sendable {
        let values: [String: String]
        /// The line of each name in the file.
        var lines: [String: Int] = [:]
        /// The file's name in messages; `nil` for the environment.
        var file: String?
    }

    /// Strongest first.
    private let layers: [Layer]
    /// Names in `.env` that no setting has. Other programs may read the file too, so they do not stop the start.
    package let warnings: [SettingRemark]

    /// - Parameters:
    ///   - environment: of the process.
    ///   - directory: searched for `.env` and `config/usersync.yaml`.
    ///   - file: another YAML file; it must exist.
    /// - Throws: `SettingsFileError` for a file that cannot be read, or a YAML file with a key that names no setting.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = FileManager.default.currentDirectoryPath,
        file: String? = nil
    ) throws(SettingsFileError) {
        let directory = URL(fileURLWithPath: directory, isDirectory: true)
        // Setting names are ASCII: without this, the Kelvin sign would pass for a K.
        var layers = [Layer(values: environment.filter { $0.key.utf8.allSatisfy { $0 < 0x80 } })]
        var warnings: [SettingRemark] = []
        if let text = try SettingsFile.text(of: directory.appendingPathComponent(".env").path, named: ".env", required: false) {
            let parsed = try DotEnvFile(text, path: ".env")
            layers.append(Layer(values: parsed.values, lines: parsed.lines, file: ".env"))
            warnings = parsed.remarks(path: ".env")
        }
        let name = file ?? SettingsSource.defaultFile
        let yaml = URL(fileURLWithPath: name, relativeTo: directory)
        if let text = try SettingsFile.text(of: yaml.path, named: name, required: file != nil) {
            let parsed = try YAMLFile(text, path: name)
            layers.append(Layer(values: parsed.values, lines: parsed.lines, file: name))
        }
        self.layers = layers
        self.warnings = warnings
    }

    /// The values of all settings that are set in any layer, each from the strongest that sets it, without white space around it.
    /// An empty value sets nothing: the next layer decides.
    package func values() -> [String: String] {
        var values: [String: String] = [:]
        for definition in SettingDefinition.all {
            values[definition.name] = layer(of: definition.name)?.values[definition.name].map(SettingsReader.trimmed)
        }
        return values
    }

    /// All settings, checked, with the files' warnings before the settings'.
    /// - Parameters:
    ///   - processors: the machine's cores.
    ///   - home: the home folder.
    package func read(processors: Int, home: String?) throws(SettingsError) -> Settings.Reading {
        let values = values()
        let reading = try Settings.read(processors: processors, home: home, place: place(of:)) { values[$0] }
        return Settings.Reading(settings: reading.settings, warnings: warnings + reading.warnings)
    }

    /// The file and line of the value that counts; `nil` if it is not in a file.
    private func place(of name: String) -> String? {
        guard let layer = layer(of: name), let file = layer.file else { return nil }
        return layer.lines[name].map { "\(file), line \($0)" } ?? file
    }

    private func layer(of name: String) -> Layer? { layers.first { $0.values[name].map(SettingsReader.isSet) ?? false } }
}
