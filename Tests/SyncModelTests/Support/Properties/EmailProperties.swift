@testable import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for any text read as an email address.
enum EmailProperties {
    static func check(_ text: String) throws {
        var text = text
        let isValid = text.withUTF8 { EmailAddress.isValid(UnsafeRawBufferPointer($0)) }
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            try hold(isValid == isPlausible(text), "an ASCII address is valid where the rule's words say so")
        } else if isValid {
            try hold(isPlausible(text), "an international address keeps to the rule's words too")
        }
    }

    /// The rule word by word; what it says of letters beyond ASCII is left out.
    static func isPlausible(_ text: String) -> Bool {
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.unicodeScalars.count <= 254, String(parts[0]).utf8.count <= 64 else { return false }
        let atoms = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        func isAlphanumeric(_ c: Unicode.Scalar) -> Bool { "a"..."z" ~= c || "A"..."Z" ~= c || "0"..."9" ~= c || !c.isASCII }
        func isAtom(_ c: Unicode.Scalar) -> Bool { isAlphanumeric(c) || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(c) }
        return atoms.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAtom) } && labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.allSatisfy { isAlphanumeric($0) || $0 == "-" } && label.first != "-"
                    && label.last != "-"
            } && !(labels.last?.first.map { "0"..."9" ~= $0 } ?? true)
    }
}
