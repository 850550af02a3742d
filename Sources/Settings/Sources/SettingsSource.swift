import Foundation

/// Where settings come from: the environment, over `.env`, over `config/usersync.yaml`.
package struct SettingsSource: Sendable {
    /// The YAML file that is read if no other is named; it may be missing.
    package static let defaultFile = "config/usersync.yaml"

    /// The values of each source by name, strongest first.
    private let layers: [[String: String]]

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
        var layers = [environment.filter { $0.key.utf8.allSatisfy { $0 < 0x80 } }]
        let dotEnv = directory.appendingPathComponent(".env")
        if let text = try SettingsSource.text(of: dotEnv, named: ".env", required: false) {
            layers.append(try DotEnvFile(text, path: ".env").values)
        }
        let name = file ?? SettingsSource.defaultFile
        let yaml = URL(fileURLWithPath: name, relativeTo: directory)
        if let text = try SettingsSource.text(of: yaml, named: name, required: file != nil) {
            layers.append(try YAMLFile(text, path: name).values)
        }
        self.layers = layers
    }

    /// The values of all settings that are set in any layer, each from the strongest that sets it. An empty value sets nothing:
    /// the next layer decides.
    package func values() -> [String: String] {
        var values: [String: String] = [:]
        for definition in SettingDefinition.all {
            values[definition.name] = layers.lazy.compactMap { $0[definition.name] }.first(where: SettingsReader.isSet)
        }
        return values
    }

    /// The largest file that is read. Ours has 3 KiB; thousands of trusted proxies fit.
    private static let maxFileBytes = 256 * 1024

    /// The bytes of a file, up to one more than it may have: a device may have no end.
    private static func head(of url: URL) throws -> Data {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var bytes = Data()
        while bytes.count <= maxFileBytes, let more = try file.read(upToCount: maxFileBytes + 1 - bytes.count), !more.isEmpty {
            bytes += more
        }
        return bytes
    }

    /// The text of a file; `nil` if it is missing and optional.
    private static func text(of url: URL, named name: String, required: Bool) throws(SettingsFileError) -> String? {
        guard required || FileManager.default.fileExists(atPath: url.path) else { return nil }
        let bytes: Data
        do {
            bytes = try SettingsSource.head(of: url)
        } catch {
            throw SettingsFileError("\(name) cannot be read: \((error as NSError).localizedDescription)", mayPass: true)
        }
        guard bytes.count <= maxFileBytes else {
            throw SettingsFileError("\(name) is larger than \(maxFileBytes / 1024) KiB: it is not a file of settings")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let valid = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
            let line = valid.count { $0.isNewline } + 1
            throw SettingsFileError("\(name), line \(line): is not UTF-8 text")
        }
        return text
    }
}
