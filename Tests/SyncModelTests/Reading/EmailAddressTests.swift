import SyncModel
import Testing

@Suite("The email rule")
struct EmailAddressTests {
    static let good = [
        "a@b.c", "ada@example.com", "ada.lovelace@example.co.uk", "a+b@example.com", "!#$%&'*+-/=?^_`{|}~@example.com", "1@2.com",
        "ada@xn--bcher-kva.example", "ada@a-b.c-d", "ada@1a.com", "\(String(repeating: "l", count: 64))@example.com",
        "a@\(String(repeating: "d", count: 63)).com", "zoë@example.com", "ada@bücher.example", "用户@例子.公司", "ada@हिन्दी.भारत",
        // 254 characters in all.
        "a@" + String(repeating: String(repeating: "d", count: 62) + ".", count: 3) + String(repeating: "x", count: 63),
    ]

    static let bad = [
        "ada", "@", "a@", "@b.c", "a@b", "a@@b.c", "a@b@c.d", "a b@c.d", " a@b.c", "a@b.c ", "a@b .c", "a,b@c.d", "a;b@c.d",
        "\\\"a\\\"@b.c", "a(b)@c.d", "a<b@c.d", "a[b@c.d", "a:b@c.d", "a\\\\b@c.d", ".a@b.c", "a.@b.c", "a..b@c.d", "a@.b.c",
        "a@b..c",
        "a@b.c.", "a@-b.c", "a@b-.c", "a@b.-c", "a@b.c-", "a@b_c.d", "a@b!c.d", "a@127.0.0.1", "a@b.1c", "a@[127.0.0.1]",
        "a\\tb@c.d",
        "a\\u007fb@c.d", "\(String(repeating: "l", count: 65))@example.com", "\(String(repeating: "é", count: 33))@example.com",
        "a@\(String(repeating: "d", count: 64)).com", "a@\(String(repeating: "é", count: 64)).com", "zoë", "zoë@", "@zoë.de",
        "é@b",
        "é@@b.c", "a@é..c", "a@-é.c", "a@é-.c", "a@é.1", "a\u{A0}b@c.d", "a\u{2028}b@c.d", "a\u{202E}b@c.d", "a\u{85}b@c.d",
        "a@b\u{A0}.c",
        "a@b\u{3002}c", "a@😀.com", "é.@b.c", "é..é@b.c", "a@b.c/é", "\u{FF20}", "a\u{FF20}b.c",
        // 255 characters in all.
        "a@" + String(repeating: String(repeating: "d", count: 62) + ".", count: 3) + "x." + String(repeating: "x", count: 62),
        "é@" + String(repeating: String(repeating: "d", count: 62) + ".", count: 3) + "x." + String(repeating: "x", count: 62),
    ]

    @Test("an address of Joi's rule is taken as it is sent", arguments: good)
    func taken(_ email: String) {
        #expect(Reading.of(sync(users: user(email: email))).records.first?.texts[.email] == email)
    }

    @Test("what is no address is refused", arguments: bad)
    func refused(_ email: String) {
        #expect(
            Reading.of(sync(users: user(email: email))).violations?.first == [
                Violation(
                    path: [.key("users"), .index(0), .key("email")], message: #""users[0].email" must be a valid email"#,
                    type: "string.email")
            ])
    }
}
