/// Names and labels in the Prometheus text format (0.0.4).
enum MetricName {
    /// A metric's name: `[a-zA-Z_:][a-zA-Z0-9_:]*`; what does not fit becomes `_` (`http.server.active_requests`).
    static func metric(_ text: String) -> String { sanitized(text, allowsColon: true) }

    /// A counter's name ends in `_total`.
    static func counter(_ text: String) -> String { suffixed(metric(text), "_total") }

    /// A timer's name ends in `_seconds`, the unit shown.
    static func timer(_ text: String) -> String { suffixed(metric(text), "_seconds") }

    /// `{a="x",b="y"}` without the braces, sorted by name; of a repeated name the first value counts.
    /// - Parameter reserved: names reserved by the format (`le` of a histogram); they get a leading `_`.
    static func labels(_ dimensions: [(String, String)], reserved: Set<String> = []) -> String {
        var seen: Set<String> = []
        var pairs: [(name: String, value: String)] = []
        for (name, value) in dimensions {
            var name = sanitized(name, allowsColon: false)
            if reserved.contains(name) { name = "_" + name }
            if seen.insert(name).inserted { pairs.append((name, value)) }
        }
        pairs.sort { $0.name < $1.name }
        return pairs.map { "\($0.name)=\"\(escapedValue($0.value))\"" }.joined(separator: ",")
    }

    /// In a label's value, backslash, quote and line feed are escaped.
    static func escapedValue(_ text: String) -> String { escaped(text, quote: true) }

    /// In a help text, backslash and line feed are escaped.
    static func escapedHelp(_ text: String) -> String { escaped(text, quote: false) }

    private static func suffixed(_ name: String, _ suffix: String) -> String { name.hasSuffix(suffix) ? name : name + suffix }

    private static func sanitized(_ text: String, allowsColon: Bool) -> String {
        var out: [UInt8] = []
        for c in text.utf8 {
            switch c {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): out.append(c)
            case UInt8(ascii: ":") where allowsColon: out.append(c)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if out.isEmpty { out.append(UInt8(ascii: "_")) }
                out.append(c)
            default: out.append(UInt8(ascii: "_"))
            }
        }
        return out.isEmpty ? "_" : String(decoding: out, as: UTF8.self)
    }

    private static func escaped(_ text: String, quote: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || (quote && $0 == 0x22) }) else { return text }
        var out = ""
        for c in text.unicodeScalars {
            switch c {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quote: out += "\\\""
            default: out.unicodeScalars.append(c)
            }
        }
        return out
    }
}
