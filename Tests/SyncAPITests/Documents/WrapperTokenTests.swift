import Crypto
import Foundation
import SyncAPI
import SyncModel
import Testing

@Suite("The platform's tokens")
struct WrapperTokenTests {
    private static let secret = "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"
    private static let now = Timestamp(microseconds: 1_760_000_000_500_000)
    private static let seconds = 1_760_000_000

    /// What the platform's library makes of a header and claims, given as JSON.
    private static func token(
        header: String = #"{"alg":"HS256","typ":"JWT"}"#, claims: String = goodClaims, secret: String = secret
    ) -> String {
        let signed = "\(encoded(header)).\(encoded(claims))"
        let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return "\(signed).\(encoded(Data(code)))"
    }

    private static func encoded(_ text: String) -> String { encoded(Data(text.utf8)) }

    private static func encoded(_ data: Data) -> String {
        data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    private static let goodClaims = claims()

    /// Claims as the platform makes them; `changes` take the place of a member, `nil` takes it away.
    private static func claims(_ changes: [String: String?] = [:]) -> String {
        var members: [String: String] = [
            "sub": #""wrapper-service""#, "iss": #""wrapper.zopkit.com""#, "role": #""admin""#, "org_code": #""org_1""#,
            "iat": "\(seconds)", "exp": "\(seconds + 3600)",
        ]
        for (name, value) in changes { members[name] = value }
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private func refusal(_ text: String, secrets: [String] = [secret]) -> WrapperToken.Refusal? {
        do throws(WrapperToken.Refusal) {
            _ = try WrapperToken.verify(text, secrets: secrets, now: Self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test("the platform's token is taken, with any of the secrets, and says who calls for whom")
    func good() throws {
        for (at, secrets) in [[Self.secret], ["another-secret-0123456789", Self.secret]].enumerated() {
            let (token, secret) = try WrapperToken.verify(Self.token(), secrets: secrets, now: Self.now)
            #expect(token == WrapperToken(orgCode: "org_1") && secret == at)
        }
        for header in [#"{"alg":"HS256"}"#, #"{"typ":"jwt","alg":"HS256","kid":"k1"}"#] {
            #expect(refusal(Self.token(header: header)) == nil)
        }
        #expect(refusal(Self.token(claims: Self.claims(["iat": nil, "role": nil, "sub": nil]))) == nil)
        #expect(refusal(Self.token(claims: Self.claims(["exp": "\(Self.seconds + 1).5", "jti": "\"x\""]))) == nil)
    }

    @Test("what we write is what the platform writes, and is taken")
    func written() throws {
        let text = WrapperToken(orgCode: "org_1").signed(with: Self.secret, at: Self.now)
        #expect(try WrapperToken.verify(text, secrets: [Self.secret], now: Self.now).token.orgCode == "org_1")
        let parts = text.split(separator: ".")
        #expect(parts.first.map(String.init) == Self.encoded(#"{"alg":"HS256","typ":"JWT"}"#))
        #expect(refusal(text, secrets: []) == .notSigned)
    }

    @Test("a changed byte anywhere is a token that nobody signed")
    func changedBytes() {
        let good = Array(Self.token().utf8)
        for at in good.indices {
            for other in [UInt8(ascii: "A"), UInt8(ascii: "B"), UInt8(ascii: "."), UInt8(ascii: "="), 0x20]
            where other != good[at] {
                var bytes = good
                bytes[at] = other
                #expect(refusal(String(decoding: bytes, as: UTF8.self)) == .notSigned, "byte \(at)")
            }
        }
        for cut in 0..<good.count { #expect(refusal(String(decoding: good[..<cut], as: UTF8.self)) == .notSigned) }
    }

    @Test(
        "other encodings, sizes and secrets are refused",
        arguments: [
            "", ".", "..", "...", "a.b.c", token() + ".", "." + token(), token() + "=", token() + "A", token() + "\n",
            " " + token(),
            token().replacingOccurrences(of: ".", with: ".."), token(secret: secret + "x"), token(secret: ""),
            "\(encoded(#"{"alg":"none"}"#)).\(encoded(goodClaims)).",
            token(claims: claims(["pad": "\"\(String(repeating: "x", count: 4096))\""])),
            "eyJhbGciOiJIUzI1NiJ9." + encoded(goodClaims) + "." + encoded(Data(repeating: 0, count: 32)),
        ])
    func notSigned(_ text: String) { #expect(refusal(text) == .notSigned) }

    @Test(
        "a good signature under a header that names another algorithm, or none, is refused",
        arguments: [
            #"{"alg":"none"}"#, #"{"alg":"None"}"#, #"{"alg":""}"#, #"{"alg":"hs256"}"#, #"{"alg":"HS384"}"#, #"{"alg":"HS512"}"#,
            #"{"alg":"RS256"}"#, #"{"alg":"ES256"}"#, #"{"alg":"EdDSA"}"#, #"{"alg":["HS256"]}"#, #"{"alg":null}"#,
            #"{"typ":"JWT"}"#,
            #"{"alg":"HS256","crit":["exp"]}"#, #"{"alg":"HS256","crit":"exp"}"#, #"{"alg":"HS256","typ":"JWE"}"#,
            #"{"alg":"HS256","typ":7}"#, #"{"alg":"HS256","typ":null}"#, #"{"alg":"HS256","crit":null}"#, "[]", "", "null",
            #""HS256""#, #"{"alg":"HS256""#, "\u{FEFF}{}",
            String(repeating: "[", count: 2000),
        ])
    func unsupported(_ header: String) { #expect(refusal(Self.token(header: header)) == .unsupported) }

    @Test(
        "claims that are missing, of another type, or meant for others are refused",
        arguments: [
            ["iss": nil], ["iss": #""wrapper.zopkit.com.evil""#], ["iss": #""WRAPPER.ZOPKIT.COM""#],
            ["iss": #"["wrapper.zopkit.com"]"#],
            ["exp": nil], ["exp": "null"], ["exp": #""1860000000""#], ["exp": "1e400"], ["exp": "true"],
            ["org_code": nil], ["org_code": #""""#], ["org_code": "7"], ["org_code": #"["org_1"]"#], ["org_code": #""a\u0000b""#],
            ["org_code": #""a\r\nb""#],
            ["org_code": "\"\(String(repeating: "o", count: 256))\""],
            ["aud": #""crm""#], ["aud": #"["crm"]"#], ["role": #""user""#], ["role": #"["admin"]"#], ["nbf": #""x""#],
            ["iat": "{}"], ["aud": "null"], ["aud": "[]"], ["role": "null"], ["iat": "null"], ["nbf": "null"], ["sub": "null"],
            ["exp": "-1e400"], ["exp": String(repeating: "9", count: 400)], ["exp": "NaN"], ["exp": "+1860000000"],
            ["exp": "0x7fffffff"],
            ["exp": "01860000000"], ["exp": ".5"], ["exp": "1e-400"], ["exp": "[1860000000]"], ["iat": "1e400"],
        ] as [[String: String?]])
    func badClaims(_ changes: [String: String?]) { #expect(refusal(Self.token(claims: Self.claims(changes))) == .claims) }

    /// A decoder would keep one of them, and not every decoder the same one.
    @Test("a claim that comes twice is refused, however it is spelled and whatever it says", arguments: ["org_code", "exp", "x"])
    func twice(_ name: String) {
        let first = name == "exp" ? "1860000000" : #""org_1""#
        let escaped = name.utf8.map { "\\u00" + String($0, radix: 16) }.joined()
        for (again, value) in [(name, first), (name, "1"), (name, "null"), (escaped, first)] {
            for twice in ["\"\(name)\":\(first),\"\(again)\":\(value)", "\"\(again)\":\(value),\"\(name)\":\(first)"] {
                let others = Self.claims([name: nil]).dropLast()
                #expect(refusal(Self.token(claims: "\(others),\(twice)}")) == .claims, "\(twice)")
            }
        }
        #expect(refusal(Self.token(header: #"{"alg":"none","alg":"HS256"}"#)) == .unsupported)
        #expect(refusal(Self.token(header: #"{"alg":"HS256","typ":"JWE","typ":"JWT"}"#)) == .unsupported)
    }

    @Test("what is no JSON object is refused, though decoders take it")
    func strict() {
        for claims in [
            "\u{FEFF}\(Self.goodClaims)", Self.goodClaims + "0", Self.goodClaims + "\u{0}", Self.goodClaims + "{}", "[]",
        ] {
            #expect(refusal(Self.token(claims: claims)) == .claims, "\(claims)")
        }
        for change in [("}", ",}"), (",", ",,"), ("{", "{,"), (",", "/**/,"), (":", ":+")] {
            #expect(
                refusal(Self.token(claims: Self.goodClaims.replacing(change.0, with: change.1, maxReplacements: 1))) == .claims)
        }
        #expect(refusal(Self.token(header: "\u{FEFF}" + #"{"alg":"HS256"}"#)) == .unsupported)
        #expect(refusal(Self.token(claims: " \(Self.goodClaims.replacing(":", with: " : "))\n")) == nil, "white space is allowed")
    }

    @Test("who calls, if that cannot stand in a header, is not known", arguments: [#""a\r\nX-Evil: 1""#, #""""#])
    func subjects(_ subject: String) throws {
        let text = Self.token(claims: Self.claims(["sub": subject]))
        #expect(try WrapperToken.verify(text, secrets: [Self.secret], now: Self.now).token.subject == "unknown")
    }

    @Test("a token is good from five minutes before its beginning to the second of its end")
    func times() {
        func at(_ exp: String, iat: Int? = nil, nbf: Int? = nil) -> WrapperToken.Refusal? {
            refusal(
                Self.token(claims: Self.claims(["exp": exp, "iat": iat.map { "\($0)" }, "nbf": nbf.map { "\($0)" }])))
        }
        #expect(at("\(Self.seconds + 1)") == nil)
        for exp in ["\(Self.seconds)", "0", "-0", "-0.0", "-1", "-1e300"] { #expect(at(exp) == .expired, "\(exp)") }
        #expect(at("1e300") == nil)
        #expect(at("1e300", iat: Self.seconds + 300, nbf: Self.seconds + 300) == nil)
        #expect(at("1e300", iat: Self.seconds + 301) == .notYetValid)
        #expect(at("1e300", nbf: Self.seconds + 301) == .notYetValid)
    }
}
