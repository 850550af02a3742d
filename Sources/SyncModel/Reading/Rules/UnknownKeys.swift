/// The keys that were ignored, each named once, a few of them at most.
struct UnknownKeys: Sendable {
    /// How many are named.
    static let limit = 20
    /// Characters of a key that are shown.
    static let shownCharacters = 64
    /// Bytes of JSON that are certain to hold as many characters, each of them perhaps a pair of escapes.
    static let comparedBytes = shownCharacters * 12

    /// The object a key stands in.
    enum Scope: UInt8, Sendable {
        case body, tenant, user, metadata

        var prefix: String {
            switch self {
            case .body: ""
            case .tenant: "tenant."
            case .user: "users[]."
            case .metadata: "metadata."
            }
        }
    }

    private struct Entry: Sendable {
        let scope: Scope
        /// The key as it was first sent, as far as it is compared.
        let raw: [UInt8]
        /// What is shown of it, before hidden characters are made visible.
        let text: [UInt8]
    }

    private var entries: [Entry] = []
    /// `Unknown key "users[].nickname" was ignored`, in the order of the body.
    private(set) var warnings: [String] = []

    /// - Parameter raw: the key between its quotes, or its beginning of `comparedBytes` or more.
    mutating func note(_ scope: Scope, _ raw: UnsafeRawBufferPointer) {
        guard entries.count < UnknownKeys.limit else { return }
        let compared = UnsafeRawBufferPointer(rebasing: raw.prefix(UnknownKeys.comparedBytes))
        // A key is mostly sent in the same way again, with every user.
        for entry in entries where entry.scope == scope && UnknownKeys.same(entry.raw, compared) { return }
        let end = JSONText.end(of: UnknownKeys.shownCharacters, in: raw)
        let text = JSONText.unescaped(UnsafeRawBufferPointer(rebasing: raw[..<end]))
        for entry in entries where entry.scope == scope && entry.text == text { return }
        entries.append(Entry(scope: scope, raw: Array(compared), text: text))
        let shown = UnknownKeys.shown(String(decoding: text, as: UTF8.self)) + (end < raw.count ? "…" : "")
        warnings.append("Unknown key \"\(scope.prefix)\(shown)\" was ignored")
    }

    private static func same(_ a: [UInt8], _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else { return false }
        for i in 0..<a.count where a[i] != b[i] { return false }
        return true
    }

    /// A key as it may stand in a sentence: without characters that are not seen or that change how text is seen.
    private static func shown(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            default:
                if scalar == "\"" || scalar == "\\" { shown += "\\" }
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
