/// The keys that were ignored, each reported once, up to a limit.
struct UnknownKeys: Sendable {
    /// How many are reported.
    static let limit = 20
    /// How many characters of a key are shown.
    static let shownCharacters = 64
    /// Bytes of JSON that certainly contain that many characters, even if each is a pair of escapes.
    static let comparedBytes = shownCharacters * 12

    /// The object that contains a key.
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
        /// The key as first sent, up to the bytes that are compared.
        let raw: [UInt8]
        /// The part of it that is shown, before hidden characters are made visible.
        let text: [UInt8]
    }

    private var entries: [Entry] = []
    /// `Unknown key "users[].nickname" was ignored`, in the order of the body.
    private(set) var warnings: [String] = []

    /// - Parameter raw: the key without its quotes, or at least its first `comparedBytes`.
    mutating func note(_ scope: Scope, _ raw: UnsafeRawBufferPointer) {
        guard entries.count < UnknownKeys.limit else { return }
        let compared = UnsafeRawBufferPointer(rebasing: raw.prefix(UnknownKeys.comparedBytes))
        // A key is usually sent the same way with every user.
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

    /// A key fit for a sentence: without characters that are invisible or change how text is displayed.
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
