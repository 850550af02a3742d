import SyncModel
import Testing

@Suite("JSON is read strictly")
struct SyncRequestSyntaxTests {
    @Test("what is no JSON is refused with the offset of the first wrong byte", arguments: SyntaxCase.all)
    func malformed(_ bad: SyntaxCase) {
        let error = Reading.of(bad.body).syntaxError
        #expect(error == RequestSyntaxError(offset: bad.offset, problem: bad.problem))
    }

    @Test("the error is a sentence with the offset")
    func sentence() {
        let error = Reading.of(#"{"a":1 x"#).syntaxError
        #expect(error?.description == "Malformed JSON at byte 7: expected ',' or '}'")
        #expect(
            RequestReadError.malformed(RequestSyntaxError(offset: 7, problem: "x")).description == "Malformed JSON at byte 7: x")
    }

    @Test("every number of the grammar will do, of 10,000 digits too")
    func numbers() {
        let digits = String(repeating: "1234567890", count: 1000)
        let numbers = [
            "0", "-0", "1", "-1", "10", "0.0", "1.5", "-1.05", "1e5", "1E5", "1e+05", "1e-5", "0e0", "1.25E-10", digits,
            "-\(digits)",
            "0.\(digits)", "1e\(digits)", "\(digits).\(digits)e-\(digits)",
        ]
        for number in numbers {
            #expect(Reading.of(sync(users: user(#""x":\#(number),"roles":[\#(number)]"#))).records.count == 1)
            #expect(Reading.of(#"{"x":\#(number)}"#).violations != nil)
            #expect(Reading.of(number).violations?.first.map(\.type) == ["object.base"])
            #expect(Reading.of("\(number) ").violations?.first.map(\.type) == ["object.base"])
        }
    }

    @Test("escapes and UTF-8 arrive as text")
    func text() throws {
        let name = #"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00 é€😀\u0001\u007f"#
        let record = try #require(Reading.of(sync(users: user(name: name))).records.first)
        #expect(record.texts[.name] == "\"\\/\u{8}\u{C}\n\r\tAé€😀 é€😀\u{1}\u{7F}")
    }

    @Test(
        "code points at the borders of UTF-8 are text",
        arguments: ["\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}"])
    func borders(_ character: String) {
        // Alone, some of them would be no name.
        let text = "n" + character
        #expect(Reading.of(sync(users: user(name: text))).records.first?.texts[.name] == text)
        let escaped = text.utf16.map { unit in
            let hex = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }.joined()
        #expect(Reading.of(sync(users: user(name: escaped))).records.first?.texts[.name] == text)
    }

    @Test("every position within eight bytes finds the quote, the backslash, the control character and the byte beyond ASCII")
    func wordwise() {
        for length in 0..<40 {
            let plain = String(repeating: "x", count: length)
            for end in 0..<10 {
                let rest = String(repeating: "y", count: end)
                #expect(
                    Reading.of(sync(users: user(name: "a\(plain)\\n\(rest)"))).records.first?.texts[.name] == "a\(plain)\n\(rest)"
                )
                #expect(
                    Reading.of(sync(users: user(name: "a\(plain)ÿ\(rest)"))).records.first?.texts[.name] == "a\(plain)ÿ\(rest)")
                let bad = #"{"\#(plain)"#
                #expect(Reading.of("\(bad)\u{1F}\(rest)").syntaxError?.offset == length + 2)
                #expect(Reading.of("\(bad)\"\(rest)").syntaxError?.offset == length + 3)
            }
        }
    }

    @Test("64 levels may nest and 65 may not, wherever they are")
    func depth() {
        func nested(_ levels: Int, _ object: Bool) -> String {
            object
                ? String(repeating: #"{"a":"#, count: levels) + "1" + String(repeating: "}", count: levels)
                : String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        for object in [false, true] {
            let step = object ? 5 : 1
            for (before, outside, after) in [
                (#"{"x":"#, 1, "}"), (#"{"users":[{"roles":"#, 3, "}]}"), (#"{"users":[{"x":"#, 3, "}]}"),
                (#"{"tenant":{"x":"#, 2, "}}"), (#"{"metadata":{"x":"#, 2, "}}"), (#"{"operation":"#, 1, "}"),
                (#"{"users":["#, 2, "]}"), ("[", 1, "]"),
            ] {
                let fits = before + nested(64 - outside, object) + after
                #expect(Reading.of(fits).violations != nil, "\(before)")
                let error = Reading.of(before + nested(65 - outside, object) + after).syntaxError
                #expect(
                    error
                        == RequestSyntaxError(
                            offset: before.utf8.count + step * (64 - outside), problem: "nested deeper than 64 levels"))
            }
        }
    }

    @Test("a hundred thousand open brackets are an error, not a crash")
    func abyss() {
        for opening in ["[", #"{"a":"#, #"[{"a":"#] {
            let body = String(repeating: opening, count: 100_000)
            #expect(Reading.of(body).syntaxError?.problem == "nested deeper than 64 levels")
            #expect(Reading.of(#"{"x":"# + body).syntaxError?.problem == "nested deeper than 64 levels")
            #expect(Reading.of(#"{"users":[{"roles":"# + body).syntaxError?.problem == "nested deeper than 64 levels")
        }
    }

    @Test("an error is thrown again by every further call")
    func sticky() {
        var reader = SyncRequestReader()
        for _ in 0..<3 {
            #expect(throws: RequestReadError.self) {
                try Array("{x".utf8).withUnsafeBytes { try reader.feed($0) }
            }
        }
        #expect(
            throws: RequestReadError.malformed(RequestSyntaxError(offset: 1, problem: "expected a key in double quotes or '}'"))
        ) {
            try reader.finish()
        }
    }
}
