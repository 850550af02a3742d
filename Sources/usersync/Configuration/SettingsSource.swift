import Configuration
import Foundation
import Synchronization
import SyncModel

/// Where settings come from: the environment, over `.env`, over `config/usersync.yaml`.
struct SettingsSource: Sendable {
    /// The file that is read if no other is named; it may be missing.
    static let defaultFile = "config/usersync.yaml"

    /// Strongest first.
    private let layers: [Layer]

    private struct Layer {
        let name: String
        var isYAML = false
        let provider: any ConfigProvider
    }

    /// - Parameters:
    ///   - environment: of the process.
    ///   - directory: searched for `.env` and `config/usersync.yaml`.
    ///   - file: another YAML file; it must exist.
    /// - Throws: `CommandFailure` for a file that cannot be read or a key in it that names no setting.
    init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = FileManager.default.currentDirectoryPath,
        file: String? = nil
    ) async throws {
        let directory = URL(fileURLWithPath: directory, isDirectory: true)
        var layers = [Layer(name: "the environment", provider: SettingsSource.provider(of: environment))]
        let dotEnv = directory.appendingPathComponent(".env")
        if let text = try SettingsSource.text(of: dotEnv, named: ".env", required: false) {
            layers.append(Layer(name: ".env", provider: SettingsSource.provider(of: try DotEnvFile(text, path: ".env").values)))
        }
        let yaml = URL(fileURLWithPath: file ?? SettingsSource.defaultFile, relativeTo: directory)
        let yamlName = file ?? SettingsSource.defaultFile
        if try SettingsSource.text(of: yaml, named: yamlName, required: file != nil) != nil {
            layers.append(Layer(name: yamlName, isYAML: true, provider: try await SettingsSource.yaml(at: yaml, named: yamlName)))
        }
        self.layers = layers
    }

    /// The values of all settings that are set in any layer, each from the strongest that sets it. An empty value sets nothing:
    /// the next layer decides.
    ///
    /// Asks the providers themselves, since the reader's plain getters swallow what they throw.
    func values() throws(CommandFailure) -> [String: String] {
        var values: [String: String] = [:]
        for definition in SettingDefinition.all {
            for layer in layers {
                if let value = try SettingsSource.value(of: definition, in: layer), SettingsReader.isSet(value) {
                    values[definition.name] = value
                    break
                }
            }
        }
        return values
    }

    private static func value(of definition: SettingDefinition, in layer: Layer) throws(CommandFailure) -> String? {
        let key = AbsoluteConfigKey([definition.name])
        do {
            guard let value = try layer.provider.value(forKey: key, type: .string).value else { return nil }
            if case .string(let text) = value.content { return layer.isYAML && isNull(text) ? nil : text }
        } catch {
            // Not a scalar: a list may be written as a YAML sequence.
            if case .list = definition.kind, let value = try? layer.provider.value(forKey: key, type: .stringArray).value,
                case .stringArray(let texts) = value.content
            {
                return texts.filter { !isNull($0) }.joined(separator: ",")
            }
        }
        throw CommandFailure("\(layer.name): \(definition.name) must be \(definition.allowed)")
    }

    /// YAML's ways to write null (10.3.2, the core schema), which the provider returns as text.
    private static func isNull(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }

    /// Only known names, in their exact spelling: the provider itself ignores case.
    private static func provider(of variables: [String: String]) -> EnvironmentVariablesProvider {
        let known = Set(SettingDefinition.all.map(\.name))
        return EnvironmentVariablesProvider(
            environmentVariables: variables.filter { isExact($0.key, of: known) }, secretsSpecifier: .all)
    }

    /// Setting names are ASCII: without this, the Kelvin sign would pass for a K.
    private static func isExact(_ name: String, of known: Set<String>) -> Bool {
        known.contains(name) && name.utf8.allSatisfy { $0 < 0x80 }
    }

    private static func yaml(at url: URL, named name: String) async throws -> FileProvider<YAMLSnapshot> {
        let known = Set(SettingDefinition.all.map(\.name))
        let unknown = Mutex<Set<String>>([])
        let provider: FileProvider<YAMLSnapshot>
        do {
            // The snapshot does not expose its keys, but asks the secrets specifier about each of them.
            let options = YAMLSnapshot.ParsingOptions(
                secretsSpecifier: .dynamic { key, _ in
                    if !isExact(key, of: known) { unknown.withLock { _ = $0.insert(key) } }
                    return true
                })
            let path = InMemoryProvider(values: ["filePath": ConfigValue(.string(url.path), isSecret: false)])
            provider = try await FileProvider<YAMLSnapshot>(parsingOptions: options, config: ConfigReader(provider: path))
        } catch {
            throw CommandFailure("\(name) is not a YAML file of settings: \(error)")
        }
        let strangers = unknown.withLock { $0.sorted() }
        guard strangers.isEmpty else {
            throw CommandFailure(
                "\(name): no setting is called \(strangers.joined(separator: ", ")); `usersync serve --help` lists them")
        }
        return provider
    }

    /// The text of a file; `nil` if it is missing and optional, or contains only comments and blank lines.
    private static func text(of url: URL, named name: String, required: Bool) throws(CommandFailure) -> String? {
        guard required || FileManager.default.fileExists(atPath: url.path) else { return nil }
        let text: String
        do {
            text = try String(contentsOf: url, encoding: .utf8)
        } catch {
            throw CommandFailure("\(name) cannot be read: \((error as NSError).localizedDescription)", mayPass: true)
        }
        let isBlank = text.split(whereSeparator: \.isNewline).allSatisfy { line in
            line.drop(while: \.isWhitespace).first.map { $0 == "#" } ?? true
        }
        return isBlank ? nil : text
    }
}
