/// The lines of a `.env` file: `NAME=value`, `export NAME=value`, `# comment`, blank.
///
/// Read by our own rules rather than the library's, which drops lines that it cannot read, keeps quotes as part of the value
/// and takes a file with CRLF line ends for a single line.
struct DotEnvFile {
    let values: [String: String]

    /// - Throws: `CommandFailure` naming the first line that cannot be read; never its value.
    init(_ text: String, path: String) throws(CommandFailure) {
        var values: [String: String] = [:]
        for (at, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var line = DotEnvFile.trimmed(raw)
            if at == 0, line.first == "\u{FEFF}" { line = line.dropFirst() }
            if line.isEmpty || line.first == "#" { continue }
            if line.hasPrefix("export ") { line = DotEnvFile.trimmed(line.dropFirst(7)) }
            guard let equals = line.firstIndex(of: "="),
                case let name = DotEnvFile.trimmed(line[..<equals]), !name.isEmpty,
                name.utf8.allSatisfy({ isNameCharacter($0) })
            else { throw CommandFailure("\(path), line \(at + 1): must be NAME=value") }
            guard let value = DotEnvFile.value(line[line.index(after: equals)...]) else {
                throw CommandFailure("\(path), line \(at + 1): the quote around the value of \(name) is not closed")
            }
            values[String(name)] = value
        }
        self.values = values
    }

    /// A value without its quotes, or without the comment after it; `nil`: a quote is open.
    private static func value(_ raw: Substring) -> String? {
        let text = trimmed(raw)
        if let quote = text.first, quote == "\"" || quote == "'" {
            let rest = text.dropFirst()
            guard let close = rest.firstIndex(of: quote) else { return nil }
            let after = trimmed(rest[rest.index(after: close)...])
            return after.isEmpty || after.first == "#" ? String(rest[..<close]) : nil
        }
        // A comment begins with a # after white space, so that a # within a key stays.
        var end = raw.startIndex
        while let mark = raw[end...].firstIndex(of: "#") {
            if mark > raw.startIndex, raw[raw.index(before: mark)].isWhitespace { return String(trimmed(raw[..<mark])) }
            end = raw.index(after: mark)
        }
        return String(text)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let c = text.first, c.isWhitespace { text.removeFirst() }
        while let c = text.last, c.isWhitespace { text.removeLast() }
        return text
    }
}

private func isNameCharacter(_ c: UInt8) -> Bool {
    (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c) || (0x30...0x39).contains(c) || c == 0x5F
}
