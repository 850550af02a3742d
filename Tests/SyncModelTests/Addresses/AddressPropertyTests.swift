import SyncModel
import TestSupport
import Testing

@Suite("Any text as an address")
struct AddressPropertyTests {
    private static let words = [
        "http", "https", "://", ":", "//", "/", "?", "#", "[", "]", "@", "hooks.example.com", "127.0.0.1", "127.1", "0x7f.1",
        "::1",
        "::ffff:10.0.0.1", "2001:db8::", ".", "..", "-", "_", "%2e", "%", "{id}", "|", "\\", "user:pw", "xn--caf-dma", "0443",
        "443",
    ]
    private static let good = [
        "https://hooks.example.com:8443/a?b=c", "http://[2606:4700::1111]:80/", "https://93.184.215.14/x", "HTTPS://A.b./",
        "http://crm_wrapper/?ids[]=1", "2606:4700:0:0::1111", "::ffff:127.0.0.1", "169.254.169.254",
    ]

    @Test(
        "is refused, or is one with the same host and port to another reader",
        arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func any(seed: UInt64) {
        var texts = OddText(words: Self.words, seed: seed)
        for _ in 0..<3000 {
            let text = texts.next(like: Self.good)
            #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(text)") { try AddressProperties.checkWebAddress(text) }
        }
    }
}
