/// JSON that is shown on a terminal.
enum JSONForTerminal {
    /// The same document, with the characters that a terminal acts on as `\u` escapes: outside strings valid JSON has none of them
    /// but white space.
    static func escaped(_ json: some Collection<UInt8>) -> String {
        var out = ""
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\n": out += "\n"
            case "\t", "\r": out += " "
            case let scalar where scalar.isHarmless: out.unicodeScalars.append(scalar)
            default:
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return out
    }
}
