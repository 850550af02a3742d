import Foundation
import JobQueue
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhooks over TLS with a private authority", .timeLimit(.minutes(5)))
struct TrustedRootsTests {
    @Test("a receiver whose certificate a private authority signed gets webhooks if its file is named, and none without it")
    func privateAuthority() async throws {
        let authority = try TestAuthority(signing: "wrapper.test")
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run(tls: authority.serverContext()) { url in
            let named = url.replacing("127.0.0.1", with: "wrapper.test")
            for (roots, error) in [(nil, "TLS certificate not accepted"), (try TrustedRoots(file: authority.file), nil)] {
                var bench = try CourierBench(configured: named)
                bench.resolver = FakeResolver(["127.0.0.1"])
                bench.settings.trustedRoots = roots
                try await bench.run { [bench] _ in
                    await bench.add("evt_1", to: named)
                    try await #expect(bench.outbox.attempts(1)[0].error == error)
                }
            }
        }
        #expect(receiver.requests.count == 1)
    }

    @Test("the authority's file does not do away with the check of the host's name; a trailing dot is no part of the name")
    func hostName() async throws {
        let authority = try TestAuthority(signing: "wrapper.test")
        let receiver = HTTPReceiver(.status(200))
        try await receiver.run(tls: authority.serverContext()) { url in
            for (host, error) in [("other.test", "TLS handshake failed"), ("wrapper.test.", nil)] {
                let named = url.replacing("127.0.0.1", with: host)
                var bench = try CourierBench(configured: named)
                bench.resolver = FakeResolver(["127.0.0.1"])
                bench.settings.trustedRoots = try TrustedRoots(file: authority.file)
                try await bench.run { [bench] _ in
                    await bench.add("evt_1", to: named)
                    try await #expect(bench.outbox.attempts(1)[0].error == error, "\(host)")
                }
            }
        }
        #expect(receiver.requests.count == 1)
    }

    @Test("a file that is missing, empty, too large or has no certificate is refused; its path is not repeated")
    func unusableFiles() throws {
        let folder = try TemporaryDirectory()
        let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
        let damaged = "-----BEGIN CERTIFICATE-----\nTm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
        let large = try folder.write("large.pem", "")
        try FileHandle(forWritingTo: URL(filePath: large)).truncate(atOffset: 1 << 30)
        for path in [
            folder.path + "/missing.pem", folder.path, try folder.write("empty.pem", ""),
            try folder.write("text.pem", "no certificate\n"), try folder.write("key.pem", key),
            try folder.write("damaged.pem", damaged), large,
        ] {
            let error = #expect(throws: TrustedRootsError.self, "\(path)") { try TrustedRoots(file: path) }
            #expect(error?.description.contains(folder.path) == false, "\(path)")
        }
    }
}
