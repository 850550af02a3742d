import Testing

/// Bodies of syncs for the tests that hold for any body.
enum SampleBodies {
    /// The guide's own, with the white space it is printed with.
    static let guide = """
        {
          "operation": "user_sync",
          "tenant": {
            "id": "tenant-uuid",
            "name": "Company Name",
            "subdomain": "company-subdomain",
            "kindeOrgId": "kinde-organization-id"
          },
          "users": [
            {
              "id": "user-uuid",
              "kindeUserId": "kinde-user-id",
              "email": "user@company.com",
              "name": "User Full Name",
              "avatar": "https://avatar-url.com/image.jpg",
              "isActive": true,
              "isAdmin": false,
              "department": "Sales",
              "title": "Sales Manager",
              "lastActiveAt": "2025-08-19T10:00:00.000Z",
              "roles": ["user", "manager"],
              "permissions": ["read", "write", "delete"],
              "allowedApplications": ["crm", "hr", "analytics"],
              "subscriptionTier": "premium"
            }
          ],
          "metadata": {
            "syncTime": "2025-08-19T10:00:00.000Z",
            "syncedBy": "wrapper-user-sync-service",
            "syncType": "single_user|full|incremental",
            "applicationCode": "crm"
          }
        }
        """

    static let good = [
        guide,
        sync(users: ""),
        sync(users: user() + "," + user(#""isActive":null,"title":null"#, email: "b@c.de")),
        sync(users: user(#""roles":[ {"roleId" : 1, "x":" [\"a\" , 2] "} , [ ] ],"permissions":{ "leads" : [ "read" ] }"#)),
        sync(users: user(#""nickname":[[[1.5e-7,-0,true,null]]],"\u0001x":"\ud83d\ude00""#, name: "Zoë 李 👩🏽‍💻")),
        sync(users: user(#""\u0069d":"a\"b\\c\/d\n\u00e9\ud83d\ude00""#, name: #"\u0041da"#)),
        sync(users: user(#""lastActiveAt":"2025-08-19T12:00:00+02:00""#), metadata: #"{"syncTime":"2025-08-19","new":{}}"#),
        #"{"metadata":null,"users":[],"extra":{"a":[1,2,{"b":"c"}]},"tenant":{"name":"N","id":"I","x":1},"operation":"user_sync"}"#,
        #" {"test" : "connection"} "#,
        #"{"test":"\u0063onnection"}"#,
    ]

    static let refused = [
        "42", "-0.5e+10", "null", #""text""#, "[]", "{}", #"[{"a":[1]}]"#,
        #"{"test":"connection","more":1}"#, #"{"test":"other"}"#, #"{"test":{"connection":[]}}"#,
        #"{"operation":"user_sync","operation":"user_sync","tenant":{"id":"a","id":"b","name":"c"},"users":[],"users":[[1]]}"#,
        #"{"operation":7,"tenant":[],"users":{},"metadata":"x"}"#,
        sync(users: #"1,"two",[3],null,{},{"email":"x","name":""},{"email":1,"name":2,"isActive":3,"roles":"4","id":""}"#),
        sync(users: user(#""email":"again@example.com""#) + "," + user(#""lastActiveAt":"yesterday""#)),
        sync(users: user(), metadata: #"{"syncTime":"tomorrow","callbackUrl":"","syncTime":1}"#),
    ]

    static let malformed = SyntaxCase.all.map(\.body)

    static var all: [[UInt8]] { (good + refused).map { Array($0.utf8) } + malformed }
}

/// A body that is not JSON, and where it is not.
struct SyntaxCase: Sendable, CustomTestStringConvertible {
    var body: [UInt8]
    var offset: Int
    var problem: String

    var testDescription: String { "\(String(decoding: body, as: UTF8.self)) at \(offset)" }

    /// - Parameter marked: the text with `¦` before the offending byte; none: it ends too early.
    init(_ marked: String, _ problem: String) {
        let parts = marked.split(separator: "¦", maxSplits: 1, omittingEmptySubsequences: false)
        body = Array(marked.replacing("¦", with: "", maxReplacements: 1).utf8)
        offset = parts[0].utf8.count
        self.problem = problem
    }

    /// Raw bytes, of which the first offends, between two texts.
    init(_ before: String, _ bytes: [UInt8], _ after: String, _ problem: String) {
        body = Array(before.utf8) + bytes + Array(after.utf8)
        offset = before.utf8.count
        self.problem = problem
    }

    static let all: [SyntaxCase] = {
        let value = "expected a value"
        let digit = "expected a digit"
        let comma = "expected ',' or '}'"
        let item = "expected ',' or ']'"
        let key = "expected a key in double quotes"
        let end = "unexpected end"
        var cases = [
            SyntaxCase("", end), SyntaxCase("  ", end), SyntaxCase("{", end), SyntaxCase(#"{"a"#, end), SyntaxCase(#"{"a""#, end),
            SyntaxCase(#"{"a":"#, end), SyntaxCase(#"{"a":1"#, end), SyntaxCase(#"{"a":1,"#, end), SyntaxCase("-", end),
            SyntaxCase("1.", end), SyntaxCase("1e", end), SyntaxCase("tru", end), SyntaxCase("[1", end), SyntaxCase(#""a"#, end),
            SyntaxCase(#"{"a":"\u12"#, end), SyntaxCase(#"{"a":"\ud83d\u"#, end), SyntaxCase(#"{"a":"\"#, end),
            SyntaxCase(#"{"users":["#, end), SyntaxCase(#"{"users":[{"#, end), SyntaxCase(#"{"users":[{"name":"x"#, end),
            SyntaxCase(#"{"tenant":{"id":"x""#, end), SyntaxCase(#"{"users":[{"roles":[1,{"a":"#, end),
            SyntaxCase("¦x", value), SyntaxCase("¦}", value), SyntaxCase("¦,", value), SyntaxCase("¦/", value),
            SyntaxCase(#"{}¦{}"#, "expected nothing after the value"), SyntaxCase("{} ¦x", "expected nothing after the value"),
            SyntaxCase("42 ¦4", "expected nothing after the value"), SyntaxCase(#""a"¦:"#, "expected nothing after the value"),
            SyntaxCase(#"{"a":1}¦,"#, "expected nothing after the value"), SyntaxCase("{¦,}", key + " or '}'"),
            SyntaxCase("{¦a:1}", key + " or '}'"), SyntaxCase("{¦'a':1}", key + " or '}'"), SyntaxCase(#"{"a":1,¦}"#, key),
            SyntaxCase(#"{"a" ¦1}"#, "expected ':'"), SyntaxCase(#"{"a"¦,"b":1}"#, "expected ':'"),
            SyntaxCase(#"{"a":¦}"#, value), SyntaxCase(#"{"a":¦,"b":1}"#, value), SyntaxCase(#"{"a":1 ¦"b":2}"#, comma),
            SyntaxCase(#"{"a":1¦]"#, comma), SyntaxCase(#"{"a":[1¦}}"#, item), SyntaxCase(#"{"a":[1 ¦2]}"#, item),
            SyntaxCase(#"{"a":[{},[1¦}]]}"#, item), SyntaxCase(#"{"a":[[],{"b":1¦]]}"#, comma),
            SyntaxCase(#"{"a":[1,¦]}"#, value), SyntaxCase(#"{"a":[¦,1]}"#, value + " or ']'"),
            SyntaxCase(#"{"a":[1¦:2]}"#, item),
            SyntaxCase(#"{"a":{¦1:2}}"#, key + " or '}'"), SyntaxCase(#"{"a":{"b":2,¦}}"#, key),
            SyntaxCase(#"{"a":{"b"¦}}"#, "expected ':'"),
            SyntaxCase(#"{"a":¦NaN}"#, value), SyntaxCase(#"{"a":¦Infinity}"#, value), SyntaxCase(#"{"a":¦+1}"#, value),
            SyntaxCase(#"{"a":¦.5}"#, value), SyntaxCase(#"{"a":0¦1}"#, comma), SyntaxCase(#"{"a":-¦}"#, digit),
            SyntaxCase(#"{"a":-¦a}"#, digit), SyntaxCase(#"{"a":1.¦}"#, digit), SyntaxCase(#"{"a":1.¦e5}"#, digit),
            SyntaxCase(#"{"a":1e¦}"#, digit), SyntaxCase(#"{"a":1e+¦}"#, digit), SyntaxCase(#"{"a":1e5¦.5}"#, comma),
            SyntaxCase(#"{"a":0¦x10}"#, comma), SyntaxCase(#"{"a":1¦_000}"#, comma), SyntaxCase(#"{"a":-0¦0}"#, comma),
            SyntaxCase(#"{"a":tru¦}"#, "expected 'true'"), SyntaxCase(#"{"a":t¦True}"#, "expected 'true'"),
            SyntaxCase(#"{"a":fals¦}"#, "expected 'false'"), SyntaxCase(#"{"a":nul¦}"#, "expected 'null'"),
            SyntaxCase(#"{"a":null¦l}"#, comma), SyntaxCase(#"{"a":¦True}"#, value), SyntaxCase(#"{"a":¦'x'}"#, value),
            SyntaxCase(#"{¦/* c */"a":1}"#, key + " or '}'"), SyntaxCase(#"{"a":1 ¦// c"#, comma),
            SyntaxCase(#"{"a":1¦#"#, comma),
            SyntaxCase("{\"a\":\"x¦\ny\"}", "a control character must be escaped"),
            SyntaxCase("{\"a\":\"12345678¦\ty\"}", "a control character must be escaped"),
            SyntaxCase("{\"a\":\"¦\u{0}\"}", "a control character must be escaped"),
            SyntaxCase("{\"¦\u{1F}\":1}", "a control character must be escaped"),
            SyntaxCase(#"{"a":"¦\x41"}"#, "invalid escape"), SyntaxCase(#"{"a":"¦\u12g4"}"#, "invalid escape"),
            SyntaxCase(#"{"a":"¦\'"}"#, "invalid escape"), SyntaxCase(#"{"a":"¦\u"}"#, "invalid escape"),
            SyntaxCase(#"{"a":"¦\U0041"}"#, "invalid escape"), SyntaxCase(#"{"¦\a":1}"#, "invalid escape"),
            SyntaxCase(#"{"a":"x¦\u0000"}"#, #"the escape \u0000 is not allowed"#),
            SyntaxCase(#"{"a¦\u0000":1}"#, #"the escape \u0000 is not allowed"#),
        ]
        let half = "an escape is half of a surrogate pair"
        cases += [
            SyntaxCase(#"{"a":"¦\ud800"}"#, half), SyntaxCase(#"{"a":"¦\udc00"}"#, half), SyntaxCase(#"{"a":"¦\ud83dx"}"#, half),
            SyntaxCase(#"{"a":"¦\ud83d\n"}"#, half), SyntaxCase(#"{"a":"¦\ud83d\ud83d\ude00"}"#, half),
            SyntaxCase(#"{"a":"¦\ud83d\u0041"}"#, half), SyntaxCase(#"{"a":"\ud83d\ude00¦\ude00"}"#, half),
            SyntaxCase(#"{"users":[{"name":"¦\uDFFF"}]}"#, half),
        ]
        let utf8 = "invalid UTF-8"
        for bytes: [UInt8] in [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82],
            [0xE2, 0x28, 0xA1], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] {
            cases.append(SyntaxCase(#"{"a":"12345"#, bytes, #""}"#, utf8))
            cases.append(SyntaxCase(#"{"users":[{"é":""#, bytes, #""}]}"#, utf8))
            cases.append(SyntaxCase(#"{"k"#, bytes, #"":1}"#, utf8))
        }
        cases += [
            SyntaxCase("", [0xEF, 0xBB, 0xBF], "{}", "expected a value, not a byte order mark"),
            SyntaxCase("", [0xFF, 0xFE], "{}", value), SyntaxCase("{", [0x00], "}", key + " or '}'"),
            SyntaxCase("{}", [0x00], "", "expected nothing after the value"),
            SyntaxCase("{", [0xC2, 0xA0], "}", key + " or '}'"),
        ]
        for before in [
            #"{"users":[{"roles":"#, #"{"tenant":{"id":"#, #"{"metadata":{"x":"#, #"{"operation":"#, #"{"users":[{"x":1},"#,
            #"{"x":[{"y":"#, #"{"test":"#,
        ] {
            cases.append(SyntaxCase(before + "¦x", value))
            cases.append(SyntaxCase(before + "¦]", value))
            cases.append(SyntaxCase(before + #""a¦\q""#, "invalid escape"))
            cases.append(SyntaxCase(before + "[1,¦,]", value))
        }
        cases += [
            SyntaxCase(#"{"users":[¦,]}"#, value + " or ']'"), SyntaxCase(#"{"users":[{},¦]}"#, value),
            SyntaxCase(#"{"users":[{} ¦{}]}"#, item), SyntaxCase(#"{"users":[{}¦}"#, item), SyntaxCase(#"{"users":[1¦}"#, item),
            SyntaxCase(#"{"users":[{¦1}]}"#, key + " or '}'"), SyntaxCase(#"{"users":[{"a"¦}]}"#, "expected ':'"),
            SyntaxCase(#"{"users":[{"a":1¦]}]}"#, comma), SyntaxCase(#"{"users":[{"a":1,¦}]}"#, key),
            SyntaxCase(#"{"users":[]¦]"#, comma), SyntaxCase(#"{"tenant":{"id":1,¦}}"#, key),
            SyntaxCase(#"{"metadata":{"a":{"b":1¦]}}}"#, comma),
        ]
        return cases
    }()
}
