import Yams

/// The YAML file of settings: one mapping from their names to scalars, or to sequences of scalars for lists.
///
/// Scalars count as they are written: `0123` is a text of four digits.
struct YAMLFile {
    let values: [String: String]

    /// - Parameter path: the file's name in messages.
    /// - Throws: `SettingsFileError` naming the line.
    init(_ text: String, path: String) throws(SettingsFileError) {
        if let line = YAMLAliases.line(ofAliasAfter: YAMLAliases.limit, in: text) {
            throw SettingsFileError(
                "\(path), line \(line): a file of settings may have at most \(YAMLAliases.limit) aliases (*name)")
        }
        let root = try YAMLFile.root(of: text, path: path)
        guard let root, !YAMLFile.isNull(root) else {
            values = [:]
            return
        }
        guard let mapping = root.mapping else { throw SettingsFileError("\(path): must be a list of NAME: value") }
        var values: [String: String] = [:]
        var unknown: [String] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string, let definition = YAMLFile.definitions[Array(name.utf8)] else {
                unknown += YAMLFile.names(of: key, value)
                continue
            }
            guard let text = YAMLFile.text(of: value, for: definition.kind) else {
                let line = (value.mark ?? key.mark).map { ", line \($0.line)" } ?? ""
                throw SettingsFileError("\(path)\(line): \(name) must be \(definition.allowed)")
            }
            values[name] = text
        }
        guard unknown.isEmpty else {
            throw SettingsFileError(
                "\(path): no setting is called \(unknown.joined(separator: ", ")); `usersync serve --help` lists them")
        }
        self.values = values
    }

    /// By the bytes of their names: strings compare canonically.
    private static let definitions = Dictionary(
        SettingDefinition.all.map { (Array($0.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })

    /// A value as text; `nil`: it is neither a scalar nor, for a setting that is a list, a sequence of scalars.
    ///
    /// Goes one level deep: only lists are written so.
    private static func text(of value: Node, for kind: SettingDefinition.Kind) -> String? {
        if isNull(value) { return "" }
        if let scalar = value.scalar { return scalar.string }
        guard case .list = kind, let items = value.sequence else { return nil }
        var texts: [String] = []
        for item in items where !isNull(item) {
            guard let scalar = item.scalar else { return nil }
            texts.append(scalar.string)
        }
        return texts.joined(separator: ",")
    }

    /// YAML's ways to write no value (10.3.2, the core schema).
    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// A key that names no setting, with its line; with the settings one level below it for a mapping.
    private static func names(of key: Node, _ value: Node) -> [String] {
        let name = key.scalar.map { shown($0.string) } ?? "(not a name)"
        let place = key.mark.map { " (line \($0.line))" } ?? ""
        let members = value.mapping?.compactMap { $0.key.scalar.flatMap { known($0.string) } } ?? []
        return members.isEmpty ? [name + place] : members.map { "\(name).\($0)\(place)" }
    }

    /// The part of a key that cannot be a value: a missing space or a wrong brace makes a key of a secret.
    private static func shown(_ key: String) -> String {
        if key == "<<" { return key }
        let name = key.unicodeScalars.prefix {
            $0 == "_" || ("0"..."9").contains($0) || ("A"..."Z").contains($0) || ("a"..."z").contains($0)
        }
        return name.isEmpty ? "(not a name)" : name.count == key.unicodeScalars.count ? key : "\(String(name))…"
    }

    /// The key if it is a setting's name.
    private static func known(_ key: String) -> String? { definitions[Array(key.utf8)] == nil ? nil : key }

    /// - Returns: `nil` for a file without content.
    private static func root(of text: String, path: String) throws(SettingsFileError) -> Node? {
        do {
            // Named: by default the library reads the encoding from a variable of the environment.
            return try Parser(yaml: text, encoding: .utf8).singleRoot()
        } catch {
            throw SettingsFileError("\(path)\(problem(error, in: text))")
        }
    }

    /// The line and what is wrong there. The library's own sentences quote the file, which holds secrets.
    private static func problem(_ error: any Error, in text: String) -> String {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _), YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let doing = context.map { "\($0.text), " } ?? ""
            return ", line \(mark.line): \(doing)\(problem)"
        case YamlError.duplicatedKeysInMapping(let names, let context):
            let names = names.compactMap(known)
            return
                ", line \(context.mark.line): \(names.isEmpty ? "a name" : names.joined(separator: ", ")) is set more than once"
        case YamlError.reader(let problem, let offset, _, _):
            let line = offset.map { ", line \(text.prefix($0).count { $0.isNewline } + 1)" } ?? ""
            return "\(line): \(problem)"
        default: return ": is not YAML"
        }
    }
}
