import TestSupport
import Testing

@Suite("Any text as a header field")
struct HeaderPropertyTests {
    @Test("a trace and a preference are refused or read back", arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func headers(seed: UInt64) {
        var texts = OddText(
            words: [
                "wait", "wait=", "WAIT=", "respond-async", ";", "=", "|", "-", "00", "ff", "01-",
                "4bf92f3577b34da6a3ce929d0e0e4736",
                "00f067aa0ba902b7", "00000000000000000000000000000000", "a=1", "vendor@x=y", ",", "é",
            ],
            seed: seed)
        let good = [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
            #"respond-async, wait=10; foo="a, wait=1""#, "a=1,b=2|vendor@x=y",
        ]
        for _ in 0..<2000 {
            let text = texts.next(like: good)
            #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(text)") { try HeaderProperties.check(text) }
        }
    }
}
