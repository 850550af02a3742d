import AsyncHTTPClient
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhook addresses")
struct AddressPolicyTests {
    let policy: AddressPolicy

    init() throws {
        policy = try AddressPolicy(
            allowedHosts: [
                "hooks.example.com", "Other.Example.com:8443", "93.184.215.14", "127.0.0.1", "[2606:4700::1111]", "[::1]",
                "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::10.0.0.1]",
            ].map(AllowedHost.init))
    }

    @Test(
        "a callback to a listed host over https is allowed",
        arguments: [
            "https://hooks.example.com", "https://hooks.example.com/", "https://hooks.example.com/a/b?c=d",
            "HTTPS://HOOKS.example.COM/x", "https://hooks.example.com:443/x", "https://other.example.com:8443/x",
            "https://93.184.215.14/x", "https://[2606:4700::1111]/x", "https://[2606:4700:0:0::1111]/x",
            "https://hooks.example.com?q=1", "https://hooks.example.com./x",
        ])
    func allowed(url: String) { #expect(policy.validate(callbackURL: url) == nil) }

    @Test(
        "a callback that is anything else is refused with a reason",
        arguments: [
            ("http://hooks.example.com/", "must be https"),
            ("ftp://hooks.example.com/", "must be http or https"),
            ("https+unix://hooks.example.com/", "must be http or https"),
            ("//hooks.example.com/", "must be http or https"), ("hooks.example.com", "must be http or https"),
            ("", "must be http or https"), ("https:", "must have //"), ("https:hooks.example.com", "must have //"),
            ("https:///x", "must have a host"), ("https://", "must have a host"),
            ("https://evil.example.com/", "does not list"), ("https://hooks.example.com.evil.com/", "does not list"),
            ("https://xhooks.example.com/", "does not list"), ("https://sub.hooks.example.com/", "does not list"),
            ("https://hooks.example.com:8443/", "does not list"), ("https://other.example.com/", "does not list"),
            ("https://hooks..example.com/", "not a name or an address"),
            ("https://user@hooks.example.com/", "user name"), ("https://user:pass@hooks.example.com/", "user name"),
            ("https://hooks.example.com@evil.com/", "user name"),
            ("https://hooks.example.com:0/", "port"), ("https://hooks.example.com:65536/", "port"),
            ("https://hooks.example.com:/", "port"), ("https://hooks.example.com:+443/", "port"),
            ("https://hooks.example.com:0443/", "port"), ("https://hooks.example.com:443:443/", "port"),
            ("https://hooks.example.com/#x", "fragment"), ("https://evil.com#@hooks.example.com/", "fragment"),
            ("https://evil.com\\@hooks.example.com/", "percent-encoded"), ("https://hooks.example.com/a b", "percent-encoded"),
            ("https://hooks.example.com/\r\nX: y", "percent-encoded"), ("https://hooks.example.com/\u{0}", "percent-encoded"),
            ("https://hööks.example.com/", "punycode"), ("https://hooks%2Eexample.com/", "not a name or an address"),
            ("https://2130706433/", "four decimal numbers"), ("https://0x7f000001/", "four decimal numbers"),
            ("https://0177.0.0.1/", "four decimal numbers"), ("https://127.1/", "four decimal numbers"),
            ("https://0x7f.0.0.1/", "four decimal numbers"), ("https://127.0.0.0x1/", "four decimal numbers"),
            ("https://127.0.0.1.5/", "four decimal numbers"), ("https://256.0.0.1/", "four decimal numbers"),
            ("https://127.0.0.1/", "private or special"), ("https://[::1]/", "private or special"),
            ("https://[::ffff:127.0.0.1]/", "private or special"), ("https://[::ffff:7f00:1]/", "private or special"),
            ("https://[0:0:0:0:0:FFFF:127.0.0.1]/", "private or special"),
            ("https://[64:ff9b::127.0.0.1]/", "private or special"),
            ("https://[2002:7f00:1::]/", "private or special"), ("https://[::a00:1]/", "private or special"),
            ("https://127.0.0.1./", "four decimal numbers"), ("https://[::1.]/", "cannot be read"),
            ("https://017700000001/", "four decimal numbers"), ("https://0x7F.1/", "four decimal numbers"),
            ("https://0X7F000001/", "four decimal numbers"), ("https://127.0.1/", "four decimal numbers"),
            ("https://00127.0.0.1/", "four decimal numbers"), ("https://1\u{2470}7.0.0.1/", "punycode"),
            ("https://127\u{3002}0.0.1/", "punycode"), ("https://127.0.0.1%00.example.com/", "not a name or an address"),
            ("https://hooks.example.com%2F@evil.com/", "user name"),
            ("https://hooks.example.com,evil.com/", "not a name or an address"),
            ("https://hooks.example.com;evil.com/", "not a name or an address"),
            ("https://hooks.example.com:22/", "does not list"),
            ("https://hooks.example.com:8080/", "does not list"), ("https://hooks.example.com:-1/", "port"),
            ("https://hooks.example.com:443x/", "port"), ("https://hooks.example.com:99999999999999999999/", "port"),
            ("gopher://hooks.example.com/", "must be http or https"), ("file:///etc/passwd", "must be http or https"),
            ("data:text/plain,x", "must be http or https"), ("javascript:x", "must be http or https"),
            ("wss://hooks.example.com/", "must be http or https"), ("jar:https://hooks.example.com/", "must be http or https"),
            ("https+unix://%2Frun%2Fx.sock/", "must be http or https"), (" https://hooks.example.com/", "percent-encoded"),
            ("https://hooks.example.com\t/", "percent-encoded"), ("https:/\\hooks.example.com/", "percent-encoded"),
            ("https:\u{2215}\u{2215}hooks.example.com/", "percent-encoded"),
            ("https://[fe80::1%25eth0]/", "zone id"), ("https://[::1/", "without its ]"), ("https://[x]/", "cannot be read"),
            ("https://[1.2.3.4]/", "cannot be read"), ("https://[::1]evil.com/", "cannot be read"),
            ("https://hooks.example.com/" + String(repeating: "a", count: 2048), "2048"),
        ])
    func refused(url: String, reason: String) {
        let found = policy.validate(callbackURL: url)
        #expect(found?.contains(reason) == true, "\(url): \(found ?? "allowed")")
    }

    @Test("a callback is read by the rules that hold everywhere; the sender takes what was taken")
    func samples() throws {
        for (text, reason) in AddressSamples.refused {
            #expect(policy.validate(callbackURL: text)?.contains(reason) == true, "\(text)")
        }
        for (text, port) in AddressSamples.taken {
            let policy = AddressPolicy(allowedHosts: [try AllowedHost("hooks.example.com:\(port)")])
            #expect(policy.validate(callbackURL: text) == nil, "\(text)")
            let request = try HTTPClient.Request(url: policy.callback(text).text)
            #expect(request.host == "hooks.example.com" && request.port == port, "\(text)")
        }
    }

    @Test("without listed hosts no callback is allowed")
    func none() throws {
        #expect(AddressPolicy(allowedHosts: []).validate(callbackURL: "https://hooks.example.com/") != nil)
    }

    @Test(
        "addresses that are not of the public internet",
        arguments: [
            "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1",
            "203.0.113.255", "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255",
            "::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1",
            "100:0:0:1::1",
            "2001::1", "2001:0:4136:e378::1", "2001:2::1", "2001:4:112::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1",
            "2002:7f00:1::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "3fff:fff:ffff::1", "4000::1", "5f00::1",
            "fc00::1",
            // The rest of the registries' entries, each at both of its ends, and further forms that carry an IPv4 address.
            "100.64.0.1", "127.0.0.0", "169.254.0.0", "169.254.255.255", "192.0.0.0", "192.0.0.7", "192.0.0.8", "192.0.0.9",
            "192.0.0.10",
            "192.0.0.171", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.31.196.0", "192.31.196.255", "192.52.193.0",
            "192.52.193.255",
            "192.88.99.0", "192.88.99.255", "192.175.48.0", "192.175.48.255", "198.51.100.0", "198.51.100.255", "203.0.113.0",
            "224.0.0.0", "240.0.0.1", "255.255.255.254",
            "::2", "::7f00:1", "::127.0.0.1", "::10.0.0.1", "::ffff:0:0", "::ffff:255.255.255.255", "::ffff:0:127.0.0.1",
            "64:ff9b::", "64:ff9b::7f00:1", "64:ff9b::ffff:ffff", "64:ff9b:1::", "64:ff9b:1::10.0.0.1",
            "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            "100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1:ffff:ffff:ffff:ffff",
            "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001:0:a9fe:a9fe::1", "2001:1::1", "2001:1::2", "2001:1::3",
            "2001:2::",
            "2001:2:0:ffff:ffff:ffff:ffff:ffff", "2001:3::", "2001:3:ffff::1", "2001:4:112::", "2001:10::", "2001:1f:ffff::1",
            "2001:20::",
            "2001:2f:ffff::1", "2001:30::", "2001:3f:ffff::1", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:a9fe:a9fe::1", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
            "5f00::",
            "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::",
            "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "fdff::1", "fe80::1", "fec0::1", "ff02::1", "1fff::1",
        ])
    func special(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!address.isPublic)
    }

    @Test(
        "addresses of the public internet, the neighbours of the special ones among them",
        arguments: [
            "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
            "192.88.98.255", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0",
            "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1", "2003::1", "2606:4700::1111",
            "2620:4f:8001::1", "2a00::1", "3ffe::1", "3fff:1000::1",
        ])
    func ordinary(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isPublic && !address.isPrivate)
    }

    @Test("private means this machine, private networks and link-local, and nothing that only looks so")
    func privateAddresses() throws {
        for text in [
            "127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.1.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1",
        ] {
            #expect(try #require(IPAddress(text)).isPrivate, "\(text)")
        }
        for text in [
            "64:ff9b::10.0.0.1", "2002:a00:1::1", "::ffff:8.8.8.8", "100.64.0.1", "203.0.113.1", "::", "0.0.0.0", "224.0.0.1",
        ] {
            #expect(try !#require(IPAddress(text)).isPrivate, "\(text)")
        }
    }

    @Test("an address reads what it writes, and reads nothing odd")
    func text() throws {
        for text in ["1.2.3.4", "2001:db8:0:0:0:0:0:1"] { #expect(try #require(IPAddress(text)).description == text) }
        for text in ["", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.256", " 1.2.3.4", "fe80::1%eth0", "[::1]", "localhost", "1"] {
            #expect(IPAddress(text) == nil, "\(text)")
        }
    }

    @Test("the system's resolver finds localhost, and says so when there is no such host")
    func resolver() async throws {
        #expect(try await SystemResolver().addresses(of: "localhost").contains { $0.isPrivate })
        await #expect(throws: HostNotFound.self) { try await SystemResolver().addresses(of: "no-such-host.invalid") }
    }
}
