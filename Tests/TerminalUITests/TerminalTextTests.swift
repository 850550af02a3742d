import Testing

@testable import TerminalUI

@Suite("Text for a terminal")
struct TerminalTextTests {
    /// All that acts on a terminal or on the order or visibility of what it shows.
    private static let acting: [ClosedRange<Int>] = [
        0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x180E...0x180E, 0x200B...0x200B, 0x200E...0x200F, 0x2028...0x202E,
        0x2060...0x2064, 0x2066...0x206F, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB, 0xE0001...0xE0001, 0xE0020...0xE007F,
    ]

    @Test("of others loses what acts on a terminal, and nothing else")
    func scalars() {
        for value in [0...0x2FFF, 0xFE00...0xFFFF, 0xE0000...0xE01FF].joined() {
            guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
            let acts = Self.acting.contains { $0.contains(value) }
            let text = TerminalText(String("a\(scalar)b")).plain
            if acts {
                #expect(["a b", "a\u{FFFD}b"].contains(text), "\(String(value, radix: 16))")
            } else if scalar.properties.generalCategory != .format {
                #expect(text == "a\(scalar)b", "\(String(value, radix: 16))")
            }
        }
        let joined = "\u{1F468}\u{200D}\u{1F469} می\u{200C}خواهم"
        #expect(TerminalText(joined).plain == joined)
        let lines = "a\r\n\t\u{2028}b"
        #expect(TerminalText(lines).plain == "a    b")
    }

    @Test("takes a string, and what an error says, for that of others; keeps its own styles and line ends")
    func interpolation() {
        struct Sorry: Error, CustomStringConvertible { let description = "one\u{1B}[2J\ntwo\r" }
        let foreign = "x\u{1B}[31m\ny"
        let red = Style(isOn: true).red("a\n\(foreign)")
        let text: TerminalText = "\(red) \(foreign)\n\(7)"
        #expect(text.rendered == "\u{1B}[31ma\nx\u{FFFD}[31m y\u{1B}[0m x\u{FFFD}[31m y\n7")
        let error: any Error = Sorry()
        #expect(("\(error)" as TerminalText).rendered == "one\u{FFFD}[2J\ntwo ")
        #expect(TerminalText(lines: "a\r\n\u{85}b").rendered == "a \n b")
    }

    @Test("is measured in columns, and cut between characters, its styles kept")
    func cut() {
        let text: TerminalText = "ab\(Style(isOn: true).green("漢字"))c"
        #expect(text.columns == 7)
        #expect(text.cut(to: 7) == text)
        #expect(text.cut(to: 6).rendered == "ab\u{1B}[32m漢\u{1B}[0m…")
        #expect(text.cut(to: 3).plain == "ab…")
        #expect(text.cut(to: 1).plain == "…" && text.cut(to: 0).plain == "…")
    }

    @Test("of JSON has escapes for what would act, and stays the same document")
    func json() {
        let json = "{\"a\":\"\u{9B}2J\u{202E}\u{E0041}é\\u001b\",\r\n\t\"b\":1}"
        #expect(
            JSONForTerminal.escaped(Array(json.utf8))
                == "{\"a\":\"\\u009b2J\\u202e\\udb40\\udc41é\\u001b\", \n \"b\":1}")
    }
}
