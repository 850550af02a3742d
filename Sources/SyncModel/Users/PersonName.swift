/// A person's name as the platform sends it. It may say nothing: blank, or only the words that JavaScript puts where a first or
/// last name is missing (`"undefined undefined"`).
///
/// A record whose name says nothing has `null` as its name (`FieldState.null`): it never replaces a known one, and a user who is
/// created without a known one is named by the local part of the email.
package enum PersonName {
    private static let missing = ["undefined", "null"].map { Array($0.utf8) }

    /// The name that consists of these parts, such as the first and the last name, without blanks around it; a part that says
    /// nothing is left out. `nil` if no part says anything.
    package static func joined(_ parts: [String?]) -> String? {
        let names = parts.compactMap { part -> String? in
            guard var part else { return nil }
            return part.withUTF8 { isNone(UnsafeRawBufferPointer($0)) } ? nil : part
        }
        return names.isEmpty ? nil : trimmed(names.joined(separator: " "))
    }

    private static func trimmed(_ name: String) -> String {
        var scalars = name.unicodeScalars[...]
        while let first = scalars.first, isBlank(first) { scalars.removeFirst() }
        while let last = scalars.last, isBlank(last) { scalars.removeLast() }
        return String(scalars)
    }

    /// Whether a text, in UTF-8, says nothing as a name. The words for what is missing are compared with regard to case.
    package static func isNone(_ text: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < text.count {
            let blank = blankLength(text, at)
            at += blank
            guard blank == 0 else { continue }
            let rest = UnsafeRawBufferPointer(rebasing: text[at...])
            guard let word = missing.first(where: { rest.starts(with: $0) }) else { return false }
            at += word.count
            if at < text.count, blankLength(text, at) == 0 { return false }
        }
        return true
    }

    /// The part of an email before its `@`.
    package static func localPart(of email: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let end = email.lastIndex(of: UInt8(ascii: "@")) ?? email.count
        return UnsafeRawBufferPointer(rebasing: email[..<end])
    }

    /// A request's warning about users without a name.
    /// - Parameter count: how many there are, at least one.
    package static func warning(count: Int) -> String {
        """
        \(count == 1 ? "1 user has" : "\(count) users have") a name that is blank, "undefined" or "null": existing users \
        keep theirs, new ones are named by their email
        """
    }

    /// The bytes of the character at a position if it is white space, as JavaScript's `trim` has it, else 0.
    private static func blankLength(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int {
        let byte = text[at]
        guard byte >= 0x80 else { return byte == 0x20 || 0x09...0x0D ~= byte ? 1 : 0 }
        let next = UnsafeRawBufferPointer(rebasing: text[at..<min(at + 4, text.count)])
        guard let scalar = String(decoding: next, as: UTF8.self).unicodeScalars.first else { return 0 }
        return isBlank(scalar) ? UTF8.width(scalar) : 0
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar == "\u{FEFF}"
    }
}
