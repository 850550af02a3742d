/// Addresses of webhooks, for every place that reads one.
package enum AddressSamples {
    /// Refused everywhere, with a part of the reason.
    package static let refused: [(address: String, reason: String)] = [
        ("https://hooks.example.com/hook#x", "fragment"), ("https://hooks.example.com#", "fragment"),
        ("https://hooks.example.com/?to={id}", "percent-encoded"), ("https://hooks.example.com/a|b", "percent-encoded"),
        ("https://hooks.example.com/a\"b", "percent-encoded"), ("https://hooks.example.com/a\\b", "percent-encoded"),
        ("https://hooks.example.com/a}", "percent-encoded"), ("https://hooks.example.com/a b", "percent-encoded"),
        ("https://hooks.example.com:08080/", "port"), ("https://hooks.example.com:0/", "port"),
        ("https://hooks.example.com:65536/", "port"), ("https://hooks.example.com:/", "port"),
        ("https://127.1/", "four decimal numbers"), ("https://0x7f.1/", "four decimal numbers"),
        ("https://2130706433/", "four decimal numbers"), ("https://0177.0.0.1/", "four decimal numbers"),
        ("https://127.0.0.1./", "four decimal numbers"),
        ("https://user:pw@hooks.example.com/", "user name"), ("https://hooks.example.com@evil.example/", "user name"),
        ("https://hooks.example.com/" + String(repeating: "a", count: 2023), "2048"),
        ("https://hooks..example.com/", "not a name"), ("https://-hooks.example.com/", "not a name"),
        ("https://hooks.example.com../", "not a name"), ("https://[::1/", "without its ]"),
        ("https://./", "1 to 253"), ("ftp://hooks.example.com/", "http or https"), ("hooks.example.com", "http or https"),
    ]

    /// Taken everywhere where `hooks.example.com` is allowed with this port.
    package static let taken: [(address: String, port: Int)] = [
        ("https://hooks.example.com", 443), ("https://hooks.example.com/a/b?c=d&e=%20", 443),
        ("https://hooks.example.com./hook", 443), ("HTTPS://Hooks.Example.COM:443/x", 443),
        ("https://hooks.example.com.:8443/x", 8443), ("https://hooks.example.com:8443?q=1", 8443),
        ("https://hooks.example.com/" + String(repeating: "a", count: 2022), 443),
    ]
}
