import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("What a receiver says of how much more it takes")
struct ReceiverQuotaTests {
    /// 2026-09-21T14:13:20Z.
    private static let now = Timestamp(microseconds: 1_790_000_000_000_000)

    private func quota(_ fields: [String: String]) -> ReceiverQuota? {
        ReceiverQuota(now: Self.now) { name in fields[name].map { [$0] } ?? [] }
    }

    @Test(
        "is read from each form of its fields",
        arguments: [
            ["RateLimit": #""default";r=50;t=30"#],
            ["RateLimit": #""a,b;c=1";r=50;t=30;pk=:x:, "hour";r=900;t=3000"#],
            ["RateLimit": "limit=100, remaining=50, reset=30", "RateLimit-Policy": "100;w=60"],
            ["RateLimit": #""p";r=50"#, "RateLimit-Policy": #""p";q=100;w=30"#],
            ["RateLimit-Limit": "100", "RateLimit-Remaining": "50", "RateLimit-Reset": "30"],
            ["X-RateLimit-Limit": "100", "X-RateLimit-Remaining": " 50 ", "X-RateLimit-Reset": "30.0"],
            ["X-RateLimit-Remaining": "50", "X-RateLimit-Reset": "1790000030"],
            ["X-RateLimit-Remaining": "50", "X-RateLimit-Reset": "1790000030000"],
            ["RateLimit": #""x";r=50;t=30"#, "X-RateLimit-Remaining": "60", "X-RateLimit-Reset": "20"],
        ])
    func forms(_ fields: [String: String]) {
        #expect(quota(fields) == ReceiverQuota(remaining: 50, seconds: 30))
    }

    @Test(
        "is nothing where it makes no sense",
        arguments: [
            ("", "30"), ("50", ""), ("-1", "30"), ("50", "-30"), ("fifty", "30"), ("50", "soon"), ("50", "0"), ("50", "86401"),
            ("0", "31536000"), ("50", "1789999999"), ("50", "1821536000"), ("9999999999999999", "30"), ("1e3", "30"),
            ("50", "inf"), ("50", "0x10"), ("50", "999999999999999"), ("٣", "30"), ("nan", "nan"),
        ])
    func nonsense(remaining: String, reset: String) {
        #expect(quota(["X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset]) == nil)
        #expect(quota(["RateLimit-Remaining": remaining, "RateLimit-Reset": reset]) == nil)
        #expect(quota(["RateLimit": "\"p\";r=\(remaining);t=\(reset)"]) == nil)
        #expect(quota(["RateLimit": "remaining=\(remaining), reset=\(reset)"]) == nil)
    }

    @Test("whatever stands in the fields, it is nothing or within a day", arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func anything(seed: UInt64) {
        let words = ["\"", ";", ",", "=", "r", "t", "w", "remaining", "reset", "limit", "0", "9", "1790000030", " ", "-"]
        var texts = OddText(words: words, seed: seed)
        let forms = [#""p";r=50;t=30"#, "limit=1, remaining=5, reset=3", "50", "1790000030"]
        for _ in 0..<2000 {
            let text = texts.next(like: forms)
            let read = ReceiverQuota(now: Self.now) { name in name == "RateLimit-Limit" ? [] : [text, text] }
            guard let read else { continue }
            #expect(read.remaining >= 0 && read.seconds > 0 && read.seconds <= 86_400, "PROPERTY_SEED=\(seed) \(text)")
        }
    }
}
