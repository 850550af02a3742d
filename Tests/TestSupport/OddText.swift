/// Texts that a reader may meet: made of the words of its grammar, in no order, with what stands at the borders of numbers and of
/// Unicode between them.
package struct OddText {
    private let words: [String]
    private var random: SeededGenerator

    /// Digits that types end at, spellings of one character, bytes that are seldom sent.
    private static let common = [
        "", " ", "\t", "0", "1", "-1", "007", "255", "256", "65535", "65536", "2147483648", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "18446744073709551616", "99999999999999999999999999999999999999", "1e999",
        "NaN",
        "\u{E9}", "e\u{301}", "\u{212A}", "\u{661}", "\u{0}", "\u{7F}", "\u{FEFF}", "\u{200D}", "\u{1F468}\u{200D}\u{1F469}",
        "\r", "\n",
        "\r\n", "\"", "'", "\\", "%", "#", ",", ";", "=", "&", "+",
    ]

    package init(words: [String], seed: UInt64) {
        self.words = words
        random = SeededGenerator(seed: seed)
    }

    /// Up to twelve words; one in four texts is a good one with a letter changed.
    package mutating func next(like good: [String] = []) -> String {
        if !good.isEmpty, Int.random(in: 0..<4, using: &random) == 0 {
            var bytes = Array((good.randomElement(using: &random) ?? "").utf8)
            if let at = bytes.indices.randomElement(using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: at)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        return (0..<Int.random(in: 0...12, using: &random)).map { _ in
            (Bool.random(using: &random) ? words : Self.common).randomElement(using: &random) ?? ""
        }.joined()
    }
}
