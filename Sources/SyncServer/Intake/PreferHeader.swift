/// `Prefer` (RFC 7240): a list of `name[=word]`, each with parameters after semicolons; a word may be quoted, and nothing inside
/// quotes counts as a preference.
struct PreferHeader: Sendable {
    private var preferences: [(name: String, value: String)] = []

    /// - Parameter values: of all fields with that name, in order.
    init(_ values: [String]) {
        for value in values { read(value.utf8) }
    }

    /// Seconds of the first `wait`, however many digits it has; `nil` if there is none, or the first is not a number.
    /// - Parameter limit: the maximum.
    func wait(atMost limit: Int) -> Int? {
        guard let value = preferences.first(where: { $0.name == "wait" })?.value, !value.isEmpty,
            value.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        // More digits than an `Int` holds exceed any limit.
        return min(Int(value) ?? limit, limit)
    }

    private mutating func read(_ text: String.UTF8View) {
        var scanner = WordScanner(text)
        while !scanner.isAtEnd {
            scanner.skipBlanks()
            if let name = scanner.token(), let value = scanner.value(), scanner.endsMember() {
                preferences.append((name.lowercased(), value))
            }
            scanner.skipMember()
        }
    }
}

/// Reads the words of a field's value (RFC 9110, section 5.6).
private struct WordScanner {
    private var rest: Substring.UTF8View

    init(_ text: String.UTF8View) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skipBlanks() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }

    mutating func token() -> String? {
        let word = rest.prefix(while: FieldSyntax.isToken)
        guard !word.isEmpty else { return nil }
        rest = rest[word.endIndex...]
        return String(Substring(word))
    }

    /// The value after an equals sign: a token, or a quoted string without its quotes. Empty if there is none; `nil` if
    /// malformed.
    mutating func value() -> String? {
        let before = rest
        skipBlanks()
        guard rest.first == 0x3D else {
            rest = before
            return ""
        }
        rest = rest.dropFirst()
        skipBlanks()
        return rest.first == 0x22 ? quoted() : token()
    }

    private mutating func quoted() -> String? {
        var bytes: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case 0x22: return String(decoding: bytes, as: UTF8.self)
            case 0x5C:
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    /// Whether the member ends here, or continues with parameters.
    mutating func endsMember() -> Bool {
        skipBlanks()
        return rest.isEmpty || rest.first == 0x2C || rest.first == 0x3B
    }

    /// Moves to the next member, past the rest of this one.
    mutating func skipMember() {
        while let byte = rest.popFirst(), byte != 0x2C {
            guard byte == 0x22 else { continue }
            while let inside = rest.popFirst(), inside != 0x22 { if inside == 0x5C { rest = rest.dropFirst() } }
        }
    }
}
