/// The lines of a `.env` file: `NAME=value`, `export NAME=value`, `# comment`, blank.
///
/// Parsed by our own rules: a line that cannot be parsed is an error, quotes are no part of the value, and lines may end with CRLF.
/// (swift-configuration 1.4 does none of these.)
///
/// Lines are parsed by Unicode scalars: a combining mark, after a quote for example, would merge with it into one `Character`.
package struct DotEnvFile {
    private typealias Text = Substring.UnicodeScalarView

    package let values: [String: String]
    /// The line of each name, from 1.
    let lines: [String: Int]

    /// - Parameter path: the file's name in messages.
    /// - Throws: `SettingsFileError` naming the first invalid line, never its value.
    package init(_ text: String, path: String) throws(SettingsFileError) {
        var values: [String: String] = [:]
        var lines: [String: Int] = [:]
        for (at, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var line = DotEnvFile.trimmed(raw.unicodeScalars)
            if at == 0, line.first == "\u{FEFF}" { line = line.dropFirst() }
            if line.isEmpty || line.first == "#" { continue }
            if line.starts(with: "export ".unicodeScalars) { line = DotEnvFile.trimmed(line.dropFirst(7)) }
            guard let equals = line.firstIndex(of: "="),
                case let name = DotEnvFile.trimmed(line[..<equals]), !name.isEmpty, name.allSatisfy({ isNameScalar($0) })
            else { throw SettingsFileError("\(path), line \(at + 1): must be NAME=value") }
            guard let value = DotEnvFile.value(line[line.index(after: equals)...]) else {
                let name = SettingName.nearest(to: Substring(name)).map { " of \($0)" } ?? ""
                throw SettingsFileError("\(path), line \(at + 1): the quote around the value\(name) is not closed")
            }
            values[String(name)] = value
            lines[String(name)] = at + 1
        }
        self.values = values
        self.lines = lines
    }

    /// The names that no setting has: a remark each for those that resemble one, and one for the others.
    func remarks(path: String) -> [SettingRemark] {
        let unknown = lines.filter { SettingName.definition($0.key) == nil }.sorted { $0.value < $1.value }
        var others: [Int] = []
        var remarks: [SettingRemark] = []
        for (name, line) in unknown {
            if let meant = SettingName.nearest(to: name) {
                let message = "no setting is called \(name); \(meant) may be meant"
                remarks.append(SettingRemark(name: path, place: "line \(line)", message: message))
            } else {
                others.append(line)
            }
        }
        guard let first = others.first else { return remarks }
        let place = others.count == 1 ? "line \(first)" : "line \(first) and \(others.count - 1) more"
        return remarks + [SettingRemark(name: path, place: place, message: "no setting has this name")]
    }

    /// A value without its quotes, or without the comment after it; `nil` if a quote is not closed.
    private static func value(_ raw: Text) -> String? {
        let text = trimmed(raw)
        if let quote = text.first, quote == "\"" || quote == "'" {
            let rest = text.dropFirst()
            guard let close = rest.firstIndex(of: quote) else { return nil }
            let after = trimmed(rest[rest.index(after: close)...])
            return after.isEmpty || after.first == "#" ? String(rest[..<close]) : nil
        }
        // A comment begins with a # after white space; a # inside a key stays.
        var end = raw.startIndex
        while let mark = raw[end...].firstIndex(of: "#") {
            if mark > raw.startIndex, raw[raw.index(before: mark)].properties.isWhitespace {
                return String(trimmed(raw[..<mark]))
            }
            end = raw.index(after: mark)
        }
        return String(text)
    }

    private static func trimmed(_ text: Text) -> Text {
        var text = text
        while let c = text.first, c.properties.isWhitespace { text.removeFirst() }
        while let c = text.last, c.properties.isWhitespace { text.removeLast() }
        return text
    }
}

private func isNameScalar(_ c: Unicode.Scalar) -> Bool {
    switch c {
    case "A"..."Z", "a"..."z", "0"..."9", "_": true
    default: false
    }
}
