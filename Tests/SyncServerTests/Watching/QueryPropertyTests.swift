import TestSupport
import Testing

@Suite("Any text as a query")
struct QueryPropertyTests {
    @Test("a query is refused or read back", arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func queries(seed: UInt64) {
        var texts = OddText(
            words: [
                "limit=", "status=", "since=", "jobId=", "cursor=", "a=", "&", "%41", "%C3", "%FF", "%4", "2025-08-19T10:00:00Z",
                "T",
            ],
            seed: seed)
        let good = [
            "limit=20&since=2025-08-19T10:00:00%2B02:00", "jobId=0198c1f2-9c00-7a3b-8d4e-5f60718293a4",
            "status=running&cursor=r1",
        ]
        for _ in 0..<2000 {
            let text = texts.next(like: good)
            #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(text)") { try QueryProperties.check(text) }
        }
    }
}
