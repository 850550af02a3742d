/// Joi's email rule (`string().email()` of Joi 17, that is @sideway/address) without its list of top-level domains.
enum EmailAddress {
    /// Characters in total; RFC 5321 allows no more.
    static let maxLength = 254

    /// True for exactly one `@` between a local part and a domain.
    ///
    /// - Local part: at most 64 bytes of UTF-8; atoms of ASCII letters, digits and ``!#$%&'*+-/=?^_`{|}~`` with single dots
    ///   between them. Code points outside ASCII are allowed, as in Joi, except white space, control and format characters.
    /// - Domain: two labels or more, each of 1 to 63 characters: ASCII letters, digits and inner hyphens; the last one does not
    ///   begin with a digit (so an IP address is not a domain). For international names, letters, marks and digits outside ASCII
    ///   are allowed as they are, without Joi's conversion to punycode.
    static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        if let plain = isValidASCII(text) { return plain }
        return isValidUnicode(String(decoding: text, as: UTF8.self).unicodeScalars)
    }

    /// The rule in one pass over bytes; `nil` if a byte is not ASCII.
    private static func isValidASCII(_ text: UnsafeRawBufferPointer) -> Bool? {
        var isValid = text.count <= maxLength
        var at = 0
        var previous = UInt8(ascii: ".")
        while at < text.count, case let byte = text[at], byte != UInt8(ascii: "@") {
            guard byte < 0x80 else { return nil }
            if byte == UInt8(ascii: ".") { isValid = isValid && previous != byte } else { isValid = isValid && byte.isAtomText }
            previous = byte
            at += 1
        }
        guard at < text.count, at > 0, at <= 64, previous != UInt8(ascii: ".") else {
            return text.contains { $0 >= 0x80 } ? nil : false
        }
        at += 1
        var labels = 1
        var labelStart = at
        previous = UInt8(ascii: "-")
        while at < text.count {
            let byte = text[at]
            guard byte < 0x80 else { return nil }
            if byte == UInt8(ascii: ".") {
                isValid = isValid && at > labelStart && at - labelStart <= 63 && previous != UInt8(ascii: "-")
                labels += 1
                labelStart = at + 1
            } else if byte == UInt8(ascii: "-") {
                isValid = isValid && at > labelStart
            } else {
                isValid = isValid && byte.isLetterOrDigit
            }
            previous = byte
            at += 1
        }
        return isValid && labels >= 2 && at > labelStart && at - labelStart <= 63 && previous != UInt8(ascii: "-")
            && !(0x30...0x39 ~= text[labelStart])
    }

    private static func isValidUnicode(_ text: String.UnicodeScalarView) -> Bool {
        guard text.count <= maxLength else { return false }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, String(parts[0]).utf8.count <= 64 else { return false }
        let atoms = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isAtomText) }) else { return false }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let top = labels.last?.first, !("0"..."9" ~= top) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != "-" && label.last != "-" && label.allSatisfy(isLabelText)
        }
    }

    private static func isAtomText(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return UInt8(ascii: scalar).isAtomText }
        switch scalar.properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    private static func isLabelText(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar == "-" || UInt8(ascii: scalar).isLetterOrDigit }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark,
            .decimalNumber:
            return true
        default: return false
        }
    }
}

extension UInt8 {
    @inline(__always)
    fileprivate var isLetterOrDigit: Bool {
        0x30...0x39 ~= self || 0x61...0x7A ~= self | 0x20
    }

    /// `atext` of RFC 5322, one bit per ASCII character.
    @inline(__always)
    fileprivate var isAtomText: Bool {
        let half: UInt64 = self < 0x40 ? 0xA3FF_ACFA_0000_0000 : 0x7FFF_FFFF_C7FF_FFFE
        return half >> UInt64(self & 0x3F) & 1 == 1
    }
}
