import SyncModel
import Testing

@Suite("Addresses")
struct AddressTests {
    @Test(
        "IP addresses are read as the standards write them",
        arguments: [
            ("127.0.0.1", .v4(0x7F00_0001)), ("255.255.255.255", .v4(.max)), ("::ffff:10.1.2.3", .v6(0xFFFF_0A01_0203)),
            ("::1", .v6(1)), ("::", .v6(0)), ("2001:DB8::a:1", .v6(0x2001_0DB8_0000_0000_0000_0000_000A_0001)),
            ("1:2:3:4:5:6:7:8", .v6(0x0001_0002_0003_0004_0005_0006_0007_0008)),
            ("64:ff9b::192.0.2.33", .v6(0x0064_FF9B_0000_0000_0000_0000_C000_0221)),
        ] as [(String, IPAddress)])
    func reads(text: String, address: IPAddress) {
        #expect(IPAddress(text) == address)
    }

    @Test(
        "what is no IP address is none",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.+4", "a.b.c.d", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
            "g::1",
            "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::1%eth0", "[::1]", "1.2.3.4:80", "::1.2.3.4:1", "+1::",
        ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("a range holds the addresses that share its prefix, and no other family's")
    func ranges() throws {
        func contains(_ range: String, _ address: String) throws -> Bool {
            try #require(AddressRange(range)).contains(try #require(IPAddress(address)))
        }
        #expect(try contains("10.0.0.0/8", "10.255.0.1"))
        #expect(try !contains("10.0.0.0/8", "11.0.0.1"))
        #expect(try contains("192.168.4.0/22", "192.168.7.255"))
        #expect(try !contains("192.168.4.0/22", "192.168.8.0"))
        #expect(try contains("0.0.0.0/0", "8.8.8.8"))
        #expect(try !contains("0.0.0.0/0", "2001:db8::1"))
        #expect(try contains("192.0.2.7", "192.0.2.7"))
        #expect(try !contains("192.0.2.7", "192.0.2.8"))
        #expect(try contains("10.0.0.0/8", "::ffff:10.1.1.1"))
        #expect(try contains("fd00::/8", "fdff::1"))
        #expect(try !contains("fd00::/9", "fdff::1"))
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "x/8", "10.0.0.0/+8"] {
            #expect(AddressRange(text) == nil)
        }
    }

    @Test("http addresses are taken apart")
    func webAddresses() throws {
        let address = try #require(WebAddress("HTTPS://Crm.Example.com:8443/a?b"))
        #expect(address.scheme == "https" && address.host == "crm.example.com" && address.port == 8443 && address.rest == "/a?b")
        #expect(WebAddress("http://[::1]:3000")?.host == "::1")
        #expect(WebAddress("http://localhost")?.port == nil)
        for text in [
            "", "crm.example.com", "ftp://a", "http://", "http://a b", "http://u:p@host/", "http://host:0", "http://host:99999",
            "http://host:", "http://-x-", "http://a..b", "http://[::1", "http://[1.2.3.4]", "http://host:80x", "http://ü.example",
        ] {
            #expect(WebAddress(text) == nil, "\(text)")
        }
    }
}
