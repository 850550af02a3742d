import AsyncHTTPClient
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Any text as what a webhook depends on")
struct WebhookReadersPropertyTests {
    private static let words = [
        "http", "https", "://", ":", "//", "/", "?", "[", "]", "@", "hooks.example.com", "listed.example", "127.0.0.1", "0x7f.1",
        "::1",
        "{id}", "#x", "%",
        "::ffff:10.0.0.1", "2001:db8::", "64:ff9b::7f00:1", ".", "..", "-", "_", "%2e", "user:pw", "xn--caf-dma", "203.0.113.1",
        "443", "80",
    ]
    private static let addresses = [
        "https://hooks.example.com:8443/a?b=c", "http://[2606:4700::1111]:80/", "https://93.184.215.14/x", "HTTPS://A.b./",
        "2606:4700:0:0::1111", "::ffff:127.0.0.1", "169.254.169.254",
    ]
    private static let dates = [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "120", "86401",
    ]

    @Test("an address is refused or is one to every reader", arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func addresses(seed: UInt64) {
        var texts = OddText(words: Self.words, seed: seed)
        for _ in 0..<3000 {
            let text = texts.next(like: Self.addresses)
            #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(text)") {
                try WebhookAddressProperties.check(text)
                try Self.checkClient(text)
            }
        }
    }

    /// What is taken for an address is one to the sender's client, with the same host and port.
    private static func checkClient(_ text: String) throws {
        guard let address = try? WebAddress(text) else { return }
        let request = try HTTPClient.Request(url: address.text)
        try hold(request.host == address.host.bracketed && request.port == address.port, "\(address.text) leads elsewhere")
        try hold(request.scheme == address.scheme.rawValue, "\(address.text) has one scheme")
    }

    @Test(
        "an address of the internet is public where the registries name no block",
        arguments: Property.seeds(known: [1, 2], fresh: 3))
    func scopes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            // One of three near the border of a block: its ends differ in the low bits.
            let bits = UInt32.random(in: 0...(.max), using: &random)
            let edge = bits & 0xFF00_0000 | (Bool.random(using: &random) ? 0 : 0x00FF_FFFF)
            let v6 = UInt128(0x2001 + UInt32.random(in: 0...2, using: &random)) << 112 | UInt128(bits) << 80
            for address in [.v4(bits), .v4(edge), .v6(v6), .v6(UInt128(bits)), .v6(0xFFFF << 32 | UInt128(bits))] as [IPAddress] {
                #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(address)") { try WebhookAddressProperties.check(address) }
            }
        }
    }

    @Test(
        "Retry-After is nothing or 0 s to a day, whatever the clock says", arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func retryAfter(seed: UInt64) {
        var texts = OddText(words: ["Sun", ",", " ", "-", "Nov", "GMT", ":", "94", "1994", "08:49:37", "06"], seed: seed)
        for _ in 0..<3000 {
            let text = texts.next(like: Self.dates)
            #expect(throws: Never.self, "PROPERTY_SEED=\(seed) \(text)") { try RetryAfterProperties.check(text) }
        }
    }
}
