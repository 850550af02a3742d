import TestSupport
import Testing

@Suite("Any bytes as a CSV file")
struct CSVPropertyTests {
    @Test("a CSV file is the same file in any pieces", arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func csv(seed: UInt64) {
        var texts = OddText(words: ["email", "name", ",", ";", "\t", "\"", "\"\"", "\n", "\r\n", "a@x", "\u{FEFF}"], seed: seed)
        for _ in 0..<1000 {
            let text = texts.next(like: ["email,name\n\"a@x\",\"A \"\"the\"\" B\"\r\n\nb@x,B\n"])
            #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(text)") { try CSVProperties.check(Array(text.utf8), cut: 3) }
        }
    }
}
