import SyncModel

/// Reads settings one by one and collects what is wrong, so that a single start reports every mistake.
package struct SettingsReader {
    private let lookup: (String) -> String?
    private let place: (String) -> String?
    private(set) var problems: [SettingRemark] = []
    var warnings: [SettingRemark] = []
    /// The names asked for; a test compares them with the table.
    private(set) var asked: Set<String> = []

    /// What replaces `~` at the start of a path; `nil`: nothing does.
    private let home: String?

    /// - Parameter place: where a name's value is, for messages; `nil`: not in a file.
    init(home: String? = nil, place: @escaping (String) -> String? = { _ in nil }, _ lookup: @escaping (String) -> String?) {
        self.home = home
        self.place = place
        self.lookup = lookup
    }

    /// The value as text; an empty one counts as absent, and so does a bare comment. `nil`: absent, without a default.
    mutating func text(_ definition: SettingDefinition) -> String? {
        let isFirst = asked.insert(definition.name).inserted
        guard let value = lookup(definition.name), SettingsReader.isSet(value) else {
            return definition.defaultText.isEmpty ? nil : definition.defaultText
        }
        let text = SettingsReader.trimmed(value)
        if isFirst { warnOfLeftovers(definition, text) }
        return text
    }

    /// Warns of quotes and comments that are part of a value: only `.env` and YAML take them away, and only once.
    private mutating func warnOfLeftovers(_ definition: SettingDefinition, _ text: String) {
        let place: String? =
            if SettingsReader.isQuoted(text) { "the value" } else if case .list = definition.kind {
                SettingsReader.items(text).firstIndex(where: SettingsReader.isQuoted).map { "entry \($0 + 1)" }
            } else { nil }
        if let place {
            warn(definition, "\(place) begins and ends with a quote, which is part of it; remove both unless they are meant")
        }
        if self.place(definition.name) == nil, text.contains(/\s#/) {
            warn(definition, "what follows the # is part of the value: there are no comments in an environment variable")
        }
    }

    private static func isQuoted(_ text: String) -> Bool {
        guard text.utf8.count > 1, let quote = text.utf8.first else { return false }
        return quote == text.utf8.last && [0x22, 0x27].contains(quote)
    }

    /// False for a value that says nothing: empty, blank, or white space before a `#` (what `NAME= # …` leaves if a file of
    /// variables is read without regard to comments).
    package static func isSet(_ value: String) -> Bool {
        guard let first = value.first(where: { !$0.isWhitespace }) else { return false }
        return first != "#" || value.first == "#"
    }

    /// A path, with `~` at its start replaced by the home folder. A problem if it begins with what a shell replaces or leaves out,
    /// and nobody does here: a folder of that name would be made.
    mutating func path(_ definition: SettingDefinition, _ text: some StringProtocol) -> String {
        if let home, text == "~" || text.hasPrefix("~/") {
            return (home.hasSuffix("/") ? String(home.dropLast()) : home) + text.dropFirst()
        }
        let oddity: String? =
            switch text.first {
            case "~": home == nil ? "~ without a home folder (HOME)" : "~ and a name, and only ~/ is replaced"
            case "$": "$, and variables are not replaced here"
            case "#": "#, as a comment does"
            default: nil
            }
        if let oddity { problem(definition, "the path begins with \(oddity); write it out, or ./ before it if it is meant") }
        return String(text)
    }

    /// The values of a list, without empty ones.
    mutating func list(_ definition: SettingDefinition) -> [String] {
        SettingsReader.items(text(definition) ?? "")
    }

    /// The values in the text of a list, without white space around them and without empty ones.
    package static func items(_ text: String) -> [String] {
        text.split(separator: ",").map { trimmed(String($0)) }.filter { !$0.isEmpty }
    }

    /// The values of a list, each converted; those that cannot be converted are problems.
    mutating func list<Value>(_ definition: SettingDefinition, _ convert: (String) -> Value?) -> [Value] {
        let texts = list(definition)
        return texts.enumerated().compactMap { at, text in
            let value = convert(text)
            if value == nil { refuse(definition, item: texts.count > 1 ? at + 1 : nil) }
            return value
        }
    }

    /// A text converted; a problem if it cannot be.
    mutating func value<Value>(_ definition: SettingDefinition, _ convert: (String) -> Value?) -> Value? {
        guard let text = text(definition) else { return nil }
        let value = convert(text)
        if value == nil { refuse(definition) }
        return value
    }

    /// An address converted; a problem that says why if it cannot be.
    mutating func address<Value>(
        _ definition: SettingDefinition, _ convert: (String) throws(WebAddressError) -> Value
    ) -> Value? {
        text(definition).flatMap { address(definition, $0, nil, convert) }
    }

    /// The addresses of a list, each converted, likewise.
    mutating func addresses<Value>(
        _ definition: SettingDefinition, _ convert: (String) throws(WebAddressError) -> Value
    ) -> [Value] {
        let texts = list(definition)
        return texts.enumerated().compactMap { at, text in address(definition, text, texts.count > 1 ? at + 1 : nil, convert) }
    }

    private mutating func address<Value>(
        _ definition: SettingDefinition, _ text: String, _ item: Int?, _ convert: (String) throws(WebAddressError) -> Value
    ) -> Value? {
        do throws(WebAddressError) {
            return try convert(text)
        } catch {
            problem(definition, "\(item.map { "entry \($0) " } ?? "")\(error)")
            return nil
        }
    }

    mutating func integer(_ definition: SettingDefinition, auto: Int = 0) -> Int {
        value(definition) { text in
            switch definition.kind {
            case .integerOrAuto where text.lowercased() == "auto": return auto
            case .integer(let range), .integerOrAuto(let range):
                guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else { return nil }
                return range.contains(number) ? number : nil
            default: return nil
            }
        } ?? 0
    }

    mutating func boolean(_ definition: SettingDefinition) -> Bool {
        value(definition) { text in
            switch text.lowercased() {
            case "true", "yes", "1": true
            case "false", "no", "0": false
            default: nil
            }
        } ?? false
    }

    mutating func choice<Choice: RawRepresentable<String>>(_ definition: SettingDefinition, of _: Choice.Type = Choice.self)
        -> Choice?
    {
        value(definition) { Choice(rawValue: $0.lowercased()) }
    }

    // MARK: Problems

    /// The value, or an entry of a list (from 1), is not what the definition allows. The value itself is not repeated.
    mutating func refuse(_ definition: SettingDefinition, item: Int? = nil) {
        problem(definition, "\(item.map { "entry \($0) " } ?? "")must be \(definition.allowed)")
    }

    mutating func problem(_ definition: SettingDefinition, _ message: String) {
        problems.append(SettingRemark(name: definition.name, place: place(definition.name), message: message))
    }

    mutating func warn(_ definition: SettingDefinition, _ message: String) {
        warnings.append(SettingRemark(name: definition.name, place: place(definition.name), message: message))
    }

    /// A value without white space around it, line ends included.
    static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let c = text.first, c.isWhitespace { text.removeFirst() }
        while let c = text.last, c.isWhitespace { text.removeLast() }
        return String(text)
    }
}
