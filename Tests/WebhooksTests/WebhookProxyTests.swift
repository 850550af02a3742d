import JobQueue
import NIOHTTP1
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhooks through a proxy", .timeLimit(.minutes(5)))
struct WebhookProxyTests {
    @Test("a webhook to the configured address goes through the proxy, which looks up its host and gets its credentials")
    func configured() async throws {
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run { url in
            let port = try WebAddress(url).port
            // "ann:p@ss" in base64.
            let proxy = ConnectProxy(to: port, authorization: "Basic YW5uOnBAc3M=")
            try await proxy.run { proxyPort in
                let named = "http://wrapper.test:\(port)/hook"
                var bench = try CourierBench(configured: named)
                let resolver = FakeResolver([])
                bench.resolver = resolver
                bench.settings.proxy = try ProxyAddress("http://ann:p%40ss@127.0.0.1:\(proxyPort)")
                try await bench.run { [bench] _ in
                    for n in 1...2 {
                        await bench.add("evt_\(n)", to: named)
                        let attempt = try await bench.outbox.attempts(n)[n - 1]
                        #expect(attempt.next == .delivered, "\(attempt.error ?? "")")
                    }
                }
                #expect(resolver.questions == 0)
            }
            #expect(proxy.heads.count == 1 && proxy.heads.first?.hasPrefix("CONNECT wrapper.test:\(port) HTTP/1.1\r\n") == true)
        }
        #expect(receiver.requests.count == 2)
        let headers = try #require(receiver.requests.first?.headers)
        #expect(!headers.contains(name: "Proxy-Authorization"))
        // In the clear, and only the proxy knows where to.
        #expect(!headers.contains(name: "X-Internal-API-Key"))
    }

    @Test("over TLS the receiver is verified behind the proxy, and gets the key; a callback goes past the proxy")
    func overTLS() async throws {
        let authority = try TestAuthority(signing: "wrapper.test")
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run(tls: authority.serverContext()) { url in
            let port = try WebAddress(url).port
            let proxy = ConnectProxy(to: port)
            try await proxy.run { proxyPort in
                for (host, isConfigured, error) in [
                    ("wrapper.test", true, nil), ("other.test", true, "TLS handshake failed"),
                    ("wrapper.test", false, nil),
                ] {
                    let named = "https://\(host):\(port)/hook"
                    var bench = try CourierBench(configured: isConfigured ? named : nil, allowedHosts: ["\(host):\(port)"])
                    bench.resolver = FakeResolver(["127.0.0.1"])
                    bench.isPublic = { _ in true }
                    bench.settings.trustedRoots = try TrustedRoots(file: authority.file)
                    bench.settings.proxy = try ProxyAddress("http://127.0.0.1:\(proxyPort)")
                    try await bench.run { [bench] _ in
                        await bench.add("evt_1", to: named, isConfigured: isConfigured)
                        try await #expect(bench.outbox.attempts(1)[0].error == error, "\(host) \(isConfigured)")
                    }
                }
            }
            #expect(proxy.heads.map { String($0.prefix { $0 != ":" }) } == ["CONNECT wrapper.test", "CONNECT other.test"])
        }
        #expect(receiver.requests.map { $0.headers.contains(name: "X-Internal-API-Key") } == [true, false])
    }

    @Test("a proxy that refuses or is not there is told as the proxy's doing, without its credentials")
    func refused() async throws {
        let receiver = HTTPReceiver(.status(200))
        let gone = try await HTTPReceiver(.silence).run { try WebAddress($0).port }
        try await receiver.run { url in
            let port = try WebAddress(url).port
            try await ConnectProxy(to: port, authorization: "Basic other").run { proxyPort in
                for (proxyPort, error) in [
                    (proxyPort, "the proxy asks for credentials, or for others"), (gone, "the proxy: connection refused"),
                ] {
                    var bench = try CourierBench(configured: url)
                    bench.settings.proxy = try ProxyAddress("http://ann:hush-hush@127.0.0.1:\(proxyPort)")
                    #expect(!"\(bench.settings)".contains("hush-hush"))
                    try await bench.run { [bench] _ in
                        await bench.add("evt_1", to: url)
                        let attempt = try await bench.outbox.attempts(1)[0]
                        #expect(attempt.error == error)
                        #expect(attempt.next == .retry(at: bench.clock.start.advanced(bySeconds: 5)))
                    }
                    #expect(!bench.log.lines.contains { $0.contains("hush-hush") })
                }
            }
        }
        #expect(receiver.requests.isEmpty)
    }
}
