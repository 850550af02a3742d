/// The keys that were ignored, each named once, a few of them at most.
struct UnknownKeys: Sendable {
    /// How many are named (CONTRACT §1).
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
        let raw: [UInt8]
    }

    private var entries: [Entry] = []
    /// `Unknown key "users[].nickname" was ignored`, in the order of the body.
    private(set) var warnings: [String] = []

    /// - Parameter raw: the key between its quotes, or its beginning of `comparedBytes` or more.
    mutating func note(_ scope: Scope, _ raw: UnsafeRawBufferPointer) {
        guard warnings.count < UnknownKeys.limit else { return }
        let compared = UnsafeRawBufferPointer(rebasing: raw.prefix(UnknownKeys.comparedBytes))
        for entry in entries where entry.scope == scope && entry.raw.elementsEqual(compared) { return }
        let warning = "Unknown key \"\(scope.prefix)\(UnknownKeys.shown(raw))\" was ignored"
        // The same key may have been escaped in another way.
        guard !warnings.contains(warning) else { return }
        entries.append(Entry(scope: scope, raw: Array(compared)))
        warnings.append(warning)
    }

    /// A key as it may stand in a sentence: cut, and without characters that are not seen or that change how text is seen.
    private static func shown(_ raw: UnsafeRawBufferPointer) -> String {
        let end = JSONText.end(of: shownCharacters, in: raw)
        let text = String(decoding: JSONText.unescaped(UnsafeRawBufferPointer(rebasing: raw[..<end])), as: UTF8.self)
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
        return end < raw.count ? shown + "…" : shown
    }
}
