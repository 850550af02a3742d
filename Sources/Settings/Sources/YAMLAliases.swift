/// The aliases (`*name`) of a YAML text, before it is parsed.
///
/// An alias shares what it names, but the parser hashes a mapping's keys in full: lists of aliases of lists of aliases take
/// exponential time there. So their number is bounded. Ten aliases, however they are placed, multiply what is written once by 40 at
/// most.
enum YAMLAliases {
    static let limit = 10

    /// The line, from 1, of the alias that is one too many; `nil` if there are no more than `limit`.
    ///
    /// Takes every asterisk for an alias that stands where one may begin and is followed by a character of a name, in quotes and
    /// comments too.
    static func line(ofAliasAfter limit: Int, in text: String) -> Int? {
        var line = 1
        var count = 0
        var before = UInt8(ascii: "\n")
        var isMark = false
        for c in text.utf8 {
            if isMark, isOfName(c) {
                count += 1
                if count > limit { return line }
            }
            isMark = c == UInt8(ascii: "*") && beginsWord(after: before)
            if c == UInt8(ascii: "\n") { line += 1 }
            before = c
        }
        return nil
    }

    /// Whether the parser takes this byte into the name of an alias; others end it, and an alias without a name is an error.
    private static func isOfName(_ c: UInt8) -> Bool {
        switch c {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func isBlank(_ c: UInt8) -> Bool { c == 0x20 || c == 0x09 || c == 0x0A || c == 0x0D }

    /// Whether a word may begin after this byte: a blank, a bracket, a separator, an indicator, the end of a character beyond ASCII
    /// (YAML's other line ends and the byte order mark).
    private static func beginsWord(after c: UInt8) -> Bool {
        if isBlank(c) || c >= 0x80 { return true }
        return switch c {
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: ":"),
            UInt8(ascii: "?"), UInt8(ascii: "-"), UInt8(ascii: "\""), UInt8(ascii: "'"):
            true
        default: false
        }
    }
}
