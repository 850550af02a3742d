import Yams

/// The YAML file of settings: one mapping from their names to scalars, or to sequences of scalars for lists.
///
/// Scalars count as they are written: `0123` is a text of four digits.
struct YAMLFile {
    let values: [String: String]
    /// The line of each name, from 1.
    let lines: [String: Int]

    /// - Parameter path: the file's name in messages.
    /// - Throws: `SettingsFileError` naming the line.
    init(_ text: String, path: String) throws(SettingsFileError) {
        if let line = YAMLAliases.line(ofAliasAfter: YAMLAliases.limit, in: text) {
            throw SettingsFileError(
                "\(path), line \(line): a file of settings may have at most \(YAMLAliases.limit) aliases (*name)")
        }
        let root = try YAMLFile.root(of: text, path: path)
        guard let root, !YAMLFile.isNull(root) else {
            (values, lines) = ([:], [:])
            return
        }
        guard let mapping = root.mapping else {
            throw SettingsFileError("\(path), line \(root.mark?.line ?? 1): must be a list of NAME: value")
        }
        var values: [String: String] = [:]
        var lines: [String: Int] = [:]
        var unknown: [String] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string, let definition = SettingName.definition(name) else {
                unknown.append(YAMLFile.remark(on: key, value))
                continue
            }
            guard let text = YAMLFile.text(of: value, for: definition.kind) else {
                let line = (value.mark ?? key.mark).map { ", line \($0.line)" } ?? ""
                throw SettingsFileError("\(path)\(line): \(name) must be \(definition.allowed)")
            }
            values[name] = text
            lines[name] = key.mark?.line
        }
        guard unknown.isEmpty else {
            throw SettingsFileError("\(path), \(unknown.joined(separator: "; ")); `usersync serve --help` lists the settings")
        }
        self.values = values
        self.lines = lines
    }

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

    /// The line of a key that names no setting, and what may be meant. A missing blank or a wrong brace makes a key of a secret, so
    /// it is quoted only if it resembles a setting's name.
    private static func remark(on key: Node, _ value: Node) -> String {
        let place = "line \(key.mark?.line ?? 1): "
        let members = value.mapping?.compactMap { $0.key.scalar.flatMap { known($0.string) } } ?? []
        guard members.isEmpty else { return place + "\(members.joined(separator: ", ")) must stand at the outermost level" }
        guard let text = key.scalar?.string else { return place + "a list or a mapping cannot be the name of a setting" }
        if let meant = SettingName.nearest(to: text) { return place + "no setting is called \(text); \(meant) may be meant" }
        let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        if name.count < text.count, known(String(name)) != nil {
            return place + "\(name) must be followed by a colon and a blank"
        }
        return place + "no setting has this name"
    }

    /// The key if it is a setting's name.
    private static func known(_ key: String) -> String? { SettingName.definition(key).map { _ in key } }

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
