/// An absolute http(s) address taken apart, as far as settings need it. Stricter than RFC 3986: no user or password.
package struct WebAddress: Sendable, Hashable {
    /// `http` or `https`.
    package let scheme: String
    /// In lower case, without brackets.
    package let host: String
    /// As written; `nil`: the scheme's default.
    package let port: Int?
    /// What follows the authority: empty, or from its `/`, `?` or `#` on.
    package let rest: String

    package init?(_ text: String) {
        guard let end = text.firstRange(of: "://"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        scheme = text[..<end.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let after = text[end.upperBound...]
        let authority = after.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        rest = String(after.dropFirst(authority.count))
        var name = authority
        var digits: Substring?
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            name = authority[authority.index(after: authority.startIndex)..<close]
            guard name.contains(":"), IPAddress(name) != nil else { return nil }
            let tail = authority[authority.index(after: close)...]
            if !tail.isEmpty {
                guard tail.first == ":" else { return nil }
                digits = tail.dropFirst()
            }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                name = authority[..<colon]
                digits = authority[authority.index(after: colon)...]
            }
            guard WebAddress.isHostName(name) else { return nil }
        }
        host = name.lowercased()
        if let digits {
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(digits), number > 0 else {
                return nil
            }
            port = Int(number)
        } else {
            port = nil
        }
    }

    /// A DNS name or an IPv4 address: letters, digits, `-`, `_` and dots between them, up to 253 characters.
    package static func isHostName(_ text: some StringProtocol) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { c in
                    (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c) || c == 0x2D || c == 0x5F
                }
        }
    }
}
