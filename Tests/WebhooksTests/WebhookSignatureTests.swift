import Foundation
import SyncModel
import Testing

@testable import Webhooks

@Suite("Webhook signatures")
struct WebhookSignatureTests {
    /// The vector of the Standard Webhooks specification's reference libraries.
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    let body = Array(#"{"test": 2432232314}"#.utf8)
    let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    let moment = Timestamp(seconds: 1_614_265_330)

    @Test("the specification's vector is signed as it says")
    func vector() throws {
        let signer = WebhookSigner(secrets: [try WebhookSecret(secret)])
        #expect(signer.signature(id: id, timestamp: 1_614_265_330, body: body) == signature)
    }

    @Test("each secret signs, and a receiver that knows any one of them accepts")
    func rotation() throws {
        let other = WebhookSecret.derived(fromInternalKey: "an-internal-key-of-some-length")
        let secrets = try WebhookSecret.list("\(secret), \(other.text)")
        let signed = WebhookSigner(secrets: secrets).signature(id: id, timestamp: 1_614_265_330, body: body)
        #expect(signed.split(separator: " ").count == 2)
        #expect(signed.hasPrefix(signature + " v1,"))
        for secret in secrets {
            try WebhookVerifier(secrets: [secret])
                .verify(id: id, timestamp: "1614265330", signature: signed, body: body, now: moment)
        }
        let stranger = WebhookVerifier(secrets: [WebhookSecret.derived(fromInternalKey: "some-other-internal-key")])
        #expect(throws: WebhookVerifier.Refusal.badSignature) {
            try stranger.verify(id: id, timestamp: "1614265330", signature: signed, body: body, now: moment)
        }
    }

    @Test("the derived secret is HMAC-SHA256 of the internal key over usersync-webhook-v1")
    func derived() {
        // printf usersync-webhook-v1 | openssl dgst -sha256 -hmac some-internal-key-123 -binary | base64
        #expect(
            WebhookSecret.derived(fromInternalKey: "some-internal-key-123").text
                == "whsec_B8BO6/r6qyipCTDXCHKEtOYaeFs/sOA4LwRmeS+kzEw=")
    }

    @Test("a changed id, timestamp or body does not verify")
    func tampered() throws {
        let verifier = WebhookVerifier(secrets: [try WebhookSecret(secret)])
        try verifier.verify(id: id, timestamp: "1614265330", signature: signature, body: body, now: moment)
        for (id, timestamp, body) in [
            (id + "x", "1614265330", body), (id, "1614265331", body), (id, "1614265330", body + [0x20]), (id, "1614265330", []),
        ] {
            #expect(throws: WebhookVerifier.Refusal.badSignature) {
                try verifier.verify(id: id, timestamp: timestamp, signature: signature, body: body, now: moment)
            }
        }
    }

    @Test("a timestamp holds for five minutes either way")
    func tolerance() throws {
        let verifier = WebhookVerifier(secrets: [try WebhookSecret(secret)])
        func verify(at now: Timestamp) throws {
            try verifier.verify(id: id, timestamp: "1614265330", signature: signature, body: body, now: now)
        }
        try verify(at: moment.advanced(bySeconds: 300))
        try verify(at: moment.advanced(bySeconds: -300))
        #expect(throws: WebhookVerifier.Refusal.timestampOutOfTolerance) { try verify(at: moment.advanced(bySeconds: 301)) }
        #expect(throws: WebhookVerifier.Refusal.timestampOutOfTolerance) { try verify(at: moment.advanced(bySeconds: -301)) }
    }

    @Test(
        "what is missing or no number is malformed",
        arguments: [
            (nil, "1614265330", "v1,x"), ("", "1614265330", "v1,x"), ("a", nil, "v1,x"), ("a", "soon", "v1,x"),
            ("a", "+1614265330", "v1,x"), ("a", "99999999999999999999", "v1,x"), ("a", "1614265330", nil),
        ] as [(String?, String?, String?)])
    func malformed(id: String?, timestamp: String?, signature: String?) throws {
        let verifier = WebhookVerifier(secrets: [try WebhookSecret(secret)])
        #expect(throws: WebhookVerifier.Refusal.malformed) {
            try verifier.verify(id: id, timestamp: timestamp, signature: signature, body: [], now: moment)
        }
    }

    @Test("timestamps at the ends of 64 bits are refused, not a crash", arguments: [Int64.min, Int64.max])
    func extremes(timestamp: Int64) throws {
        #expect(throws: WebhookVerifier.Refusal.timestampOutOfTolerance) {
            try WebhookVerifier(secrets: [try WebhookSecret(secret)])
                .verify(id: "a", timestamp: String(timestamp), signature: "v1,AA==", body: [], now: moment)
        }
    }

    @Test("a secret without its prefix, not base64, too short or too long is refused, and the error does not repeat it")
    func badSecrets() throws {
        let short = "whsec_" + Data(repeating: 7, count: 23).base64EncodedString()
        let long = "whsec_" + Data(repeating: 7, count: 65).base64EncodedString()
        for (text, error) in [
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", WebhookSecretError.noPrefix), ("whsec_not base64!", .notBase64),
            (short, .length(23)), (long, .length(65)), ("\(secret),", .noPrefix),
        ] {
            let thrown = #expect(throws: WebhookSecretError.self) { try WebhookSecret.list(text) }
            #expect(thrown == error)
            #expect(thrown?.description.contains(text) == false)
        }
    }

    @Test("the reference library for Python accepts our signatures, and we accept its")
    func pythonReference() throws {
        let ours = WebhookSigner(secrets: [try WebhookSecret(secret)])
        let now = Int64(Date().timeIntervalSince1970)
        let script = """
            import sys, json
            from datetime import datetime, timezone
            try:
                from standardwebhooks.webhooks import Webhook
            except ImportError:
                sys.exit("the Python package standardwebhooks is missing: pip install standardwebhooks")
            secret, id, timestamp, signature, body = sys.argv[1:]
            hook = Webhook(secret)
            hook.verify(body, {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature})
            print(hook.sign(id, datetime.fromtimestamp(int(timestamp), tz=timezone.utc), body))
            """
        let python = ProcessInfo.processInfo.environment["USERSYNC_PYTHON"] ?? "python3"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            python, "-c", script, secret, id, String(now), ours.signature(id: id, timestamp: now, body: body),
            String(decoding: body, as: UTF8.self),
        ]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(python) (set USERSYNC_PYTHON to another interpreter): \(complaint)")
        try WebhookVerifier(secrets: [try WebhookSecret(secret)]).verify(
            id: id, timestamp: String(now), signature: printed.trimmingCharacters(in: .whitespacesAndNewlines), body: body,
            now: Timestamp(seconds: Double(now)))
    }
}
