import SyncModel
import TestSupport
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

    @Test("http addresses are taken apart, and put together again in one form")
    func webAddresses() throws {
        let address = try WebAddress("HTTPS://Crm.Example.com.:8443/a?b")
        #expect(address.scheme == .https && address.host.name == "crm.example.com" && address.port == 8443)
        #expect(address.rest == "/a?b" && address.text == "https://crm.example.com:8443/a?b")
        // The resolver must not append a search domain.
        #expect(address.host.lookupName == "crm.example.com.")
        #expect(try WebAddress("http://[::1]:3000").host.literal == .v6(1))
        #expect(try WebAddress("http://[0::0:1]:81").text == "http://[0:0:0:0:0:0:0:1]:81/")
        #expect(try WebAddress("http://localhost").port == 80)
        #expect(try WebAddress("HTTPS://Hooks.Example.COM:443?x=1").text == "https://hooks.example.com/?x=1")
        #expect(try WebAddress("http://crm_wrapper:80/").host.lookupName == "crm_wrapper")
        #expect(try WebAddress("http://example.0xyz/").host.name == "example.0xyz")
        for text in [
            "", "crm.example.com", "ftp://a", "http://", "http://a b", "http://u:p@host/", "http://host:0", "http://host:99999",
            "http://host:", "http://-x-", "http://a..b", "http://[::1", "http://[1.2.3.4]", "http://host:80x", "http://ü.example",
        ] {
            #expect(throws: WebAddressError.self, "\(text)") { try WebAddress(text) }
        }
    }

    @Test("an address that some reader takes for another, or that cannot be called, is refused with the reason")
    func refused() {
        for (text, reason) in AddressSamples.refused {
            let error = #expect(throws: WebAddressError.self, "\(text)") { try WebAddress(text) }
            #expect(error?.description.contains(reason) == true, "\(text): \(error?.description ?? "")")
            // It may be a secret.
            #expect(error?.description.contains("pw") != true)
        }
        for (text, port) in AddressSamples.taken {
            #expect(throws: Never.self, "\(text)") {
                let address = try WebAddress(text)
                #expect(address.host.name == "hooks.example.com" && address.port == port)
            }
        }
    }

    @Test("an allowed host is a host or host:port, and one with a trailing dot is the same")
    func allowedHosts() throws {
        for (entry, text) in [
            ("Hooks.Example.com", "hooks.example.com"), ("hooks.example.com:8443", "hooks.example.com:8443"),
            ("hooks.example.com.", "hooks.example.com"), ("hooks.example.com:443", "hooks.example.com"),
            ("[::1]:81", "[0:0:0:0:0:0:0:1]:81"),
        ] {
            #expect(try AllowedHost(entry).description == text)
        }
        #expect(try AllowedHost("hooks.example.com.") == AllowedHost(WebAddress("https://HOOKS.example.com/x")))
        #expect(try AllowedHost("hooks.example.com") != AllowedHost(WebAddress("https://hooks.example.com:8443/")))
        for entry in [
            "https://hooks.example.com", "hooks.example.com/x", "*.example.com", "a b", "host:0", "host:08443", "user@host", "",
            "h?x",
            "127.1", "::1",
        ] {
            #expect(throws: WebAddressError.self, "\(entry)") { try AllowedHost(entry) }
        }
    }

    @Test("a proxy's address may have credentials, which are shown nowhere")
    func proxies() throws {
        let proxy = try ProxyAddress("http://ann:p%40ss:word@Proxy.example.com:3128/")
        #expect(proxy.host == "proxy.example.com" && proxy.port == 3128)
        #expect(proxy.credentials?.user == "ann" && proxy.credentials?.password == "p@ss:word")
        for shown in ["\(proxy)", String(reflecting: proxy)] { #expect(shown == "proxy.example.com:3128") }
        var dumped = ""
        dump(proxy, to: &dumped)
        #expect(!dumped.contains("p@ss"))
        #expect(try ProxyAddress("http://10.0.0.1").credentials == nil)
        #expect(try ProxyAddress("http://10.0.0.1").port == 80)
        for text in [
            "", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080", "http://proxy:3128/path", "http://proxy:3128?x",
            "http://proxy:03128", "http://:pw@proxy:1", "http://a%0d%0a:pw@proxy:1", "http://a%zz:pw@proxy:1", "http://a:pw@",
            "http://a:%+1@proxy:1", "http://a:pw@127.1:1", "http://proxy:1/x@evil:2", "http://proxy:1?x@evil:2",
            "http://proxy:1#@evil:2",
            "http://a:pw@proxy:1/x@evil:2",
        ] {
            let error = #expect(throws: WebAddressError.self, "\(text)") { try ProxyAddress(text) }
            #expect(error?.description.contains("pw") != true)
        }
    }
}
