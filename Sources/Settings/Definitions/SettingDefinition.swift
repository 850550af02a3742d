/// One setting: its name, what it takes, its default and a line about it.
///
/// The single table of them (`all`) drives the reading, the check of `config/usersync.yaml` and the help.
package struct SettingDefinition: Sendable, Hashable {
    /// The environment variable, and the key in the YAML file.
    package let name: String
    package let kind: Kind
    /// The value used if none is set, as text; empty: none.
    package let defaultText: String
    /// One line, no full stop at the end.
    package let summary: String
    /// True: the value never appears in a message. Addresses count too, since they may carry a password.
    package let isSecret: Bool
    package let group: Group

    /// What a value looks like.
    package enum Kind: Sendable, Hashable {
        case integer(ClosedRange<Int>)
        /// An integer, or `auto`.
        case integerOrAuto(ClosedRange<Int>)
        case boolean
        case choice([String])
        /// Text with its own rules, described for messages (`must be …`).
        case text(String)
        /// Several values, separated by commas.
        case list(String)
    }

    package enum Group: String, Sendable, CaseIterable {
        case server = "Server"
        case storage = "Storage"
        case keys = "Keys and callers"
        case webhook = "Completion webhook"
        case sync = "Syncs"
        case limits = "Limits"
        case running = "Running"
    }

    /// What is allowed: completes a sentence that begins with `must be`.
    package var allowed: String {
        switch kind {
        case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .integerOrAuto(let range): "auto or an integer from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .choice(let words): SettingDefinition.oneOf(words)
        case .text(let text): text
        case .list(let text): "\(text); several are separated by commas"
        }
    }

    private static func oneOf(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) or \(last)"
    }

    init(_ name: String, _ kind: Kind, default defaultText: String = "", _ group: Group, secret: Bool = false, _ summary: String)
    {
        self.name = name
        self.kind = kind
        self.defaultText = defaultText
        self.group = group
        self.isSecret = secret
        self.summary = summary
    }
}
