import TestSupport
import Testing

@Suite("Any text as a .env file")
struct DotEnvPropertyTests {
    @Test(
        "is refused or its values are read back",
        arguments: Property.seeds(known: [1, 2, 3, 17_201_180_990_442_109_859, 5_172_609_048_247_039_154], fresh: 5))
    func any(seed: UInt64) {
        var texts = OddText(
            words: ["A", "B_1", "=", "export ", " #", "\t#", "\n", "\r\n", "\u{2028}", "\u{85}", "x", "\"x\""], seed: seed)
        for _ in 0..<2000 {
            let text = texts.next(like: ["A=1\nexport B='two # three' # four\r\n# five\nC=a#b"])
            #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(text)") { try DotEnvProperties.check(text) }
        }
    }
}
