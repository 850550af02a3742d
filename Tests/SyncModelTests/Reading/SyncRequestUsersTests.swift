import SyncModel
import Testing

@Suite("What a sync hands out")
struct SyncRequestUsersTests {
    @Test("the guide's body gives the guide's user and envelope")
    func guide() throws {
        let reading = Reading.of(SampleBodies.guide)
        var envelope = SyncEnvelope(
            tenantID: "tenant-uuid", tenantName: "Company Name", totalUsers: 1,
            syncTime: Timestamp(iso8601: "2025-08-19T10:00:00Z"), syncedBy: "wrapper-user-sync-service",
            syncType: "single_user|full|incremental", applicationCode: "crm")
        // The sample of a Kinde organisation is none.
        envelope.otherTenantIDs = ["company-subdomain"]
        #expect(reading.envelope == envelope)
        let record = try #require(reading.records.first)
        #expect(record.index == 0)
        #expect(
            record.texts == [
                .id: "user-uuid", .kindeUserID: "kinde-user-id", .email: "user@company.com", .name: "User Full Name",
                .avatar: "https://avatar-url.com/image.jpg", .department: "Sales", .title: "Sales Manager",
                .lastActiveAt: "2025-08-19T10:00:00.000Z", .roles: #"["user","manager"]"#,
                .permissions: #"["read","write","delete"]"#, .allowedApplications: #"["crm","hr","analytics"]"#,
                .subscriptionTier: "premium",
            ])
        #expect(record.states[.isActive] == .yes)
        #expect(record.states[.isAdmin] == .value)
        #expect(record.states[.problem] == nil)
    }

    @Test("further names of the tenant are taken where they look like what they should be")
    func otherNames() {
        func names(_ more: String) -> [TenantID]? {
            let tenant = #"{"id":"t","name":"T"\#(more)}"#
            return Reading.of(#"{"operation":"user_sync","tenant":\#(tenant),"users":[]}"#).envelope?.otherTenantIDs
        }
        #expect(names(#","subdomain":"acme","kindeOrgId":"org_1""#) == ["org_1", "acme"])
        #expect(names(#","subdomain":"org_1","kindeOrgId":"acme""#) == [])
        for nothing in ["null", #""""#, #"" ""#, #""undefined""#] {
            #expect(names(#","subdomain":\#(nothing),"kindeOrgId":\#(nothing)"#) == [])
        }
        #expect(names("") == [])
    }

    @Test("members may come in any order, keys may be escaped")
    func order() throws {
        let json = #"{"isAdmin":true,"\u006eame":"N","roles":[],"\u0069\u0064":"7","email":"a@b.c","kindeUserId":"k"}"#
        let record = try #require(Reading.of(sync(users: json)).records.first)
        #expect(record.texts == [.id: "7", .kindeUserID: "k", .email: "a@b.c", .name: "N", .roles: "[]"])
        #expect(record.states[.isAdmin] == .yes)
        let late =
            #"{"users":[\#(user())],"metadata":{"callbackUrl":"https:\/\/x"},"tenant":{"name":"\u004e","id":"I"},"operation":"user_sync"}"#
        let envelope = SyncEnvelope(tenantID: "I", tenantName: "N", totalUsers: 1, callbackURL: "https://x")
        #expect(Reading.of(late).envelope == envelope)
    }

    @Test("null and absent are kept apart for every optional field")
    func nulls() throws {
        for field in UserField.allCases where ![.email, .name, .problem].contains(field) {
            let records = Reading.of(sync(users: user() + "," + user(#""\#(field.jsonName)":null"#))).records
            try #require(records.count == 2)
            #expect(records[0].states[field] == nil)
            #expect(records[1].states[field] == .null)
            #expect(records[1].texts == [.email: "ada@example.com", .name: "Ada"])
        }
    }

    @Test("JSON fields lose the white space between tokens and nothing else")
    func minified() throws {
        let json = "{ \"a b\" :\t[ 1 , \"x \\\" , [ ] \\\\\" ,\n{ } , \" é \\u00e9 \" ] ,\r\n\"c\" : null }"
        let record = try #require(Reading.of(sync(users: user(#""permissions":\#(json),"roles": [ 1.50e+2 ] "#))).records.first)
        #expect(record.texts[.permissions] == #"{"a b":[1,"x \" , [ ] \\",{}," é \u00e9 "],"c":null}"#)
        #expect(record.texts[.roles] == "[1.50e+2]")
    }

    @Test("a string for roles or permissions is kept as an array of one, its escapes as they were sent")
    func stringsForLists() throws {
        for (json, kept) in [
            (#""*""#, #"["*"]"#), (#""""#, #"[""]"#), (#""a \u00e9 \" ] é""#, #"["a \u00e9 \" ] é"]"#),
        ] {
            let body = sync(users: user(#""roles":\#(json),"permissions": \#(json)"#))
            let record = try #require(Reading.of(body).records.first)
            #expect(record.texts[.roles] == kept)
            #expect(record.texts[.permissions] == kept)
        }
    }

    @Test("lastActiveAt is kept in one form")
    func moments() {
        for (sent, kept) in [
            ("2025-08-19T10:00:00.000Z", "2025-08-19T10:00:00.000Z"), ("2025-08-19T12:00:00+02:00", "2025-08-19T10:00:00.000Z"),
            ("2025-08-19", "2025-08-19T00:00:00.000Z"), ("2025-08-19T10:00:00.123456Z", "2025-08-19T10:00:00.123456Z"),
            ("2025-08-19T24:00:00.000Z", "2025-08-20T00:00:00.000Z"),
            (#"2025-08-19T10:00:00.000\u005A"#, "2025-08-19T10:00:00.000Z"),
        ] {
            #expect(Reading.of(sync(users: user(#""lastActiveAt":"\#(sent)""#))).records.first?.texts[.lastActiveAt] == kept)
        }
    }

    @Test("a name that says nothing is null, whether escaped or not, and a warning counts such users")
    func namesThatSayNothing() {
        let names = [" ", "undefined undefined", #"null\u0020\u006eull"#, "Ann null", "Ann"]
        let reading = Reading.of(sync(users: names.map { #"{"email":"a@b.c","name":"\#($0)"}"# }.joined(separator: ",")))
        #expect(reading.records.map { $0.states[.name] } == [.null, .null, .null, .value, .value])
        #expect(reading.records.map { $0.texts[.name] } == [nil, nil, nil, "Ann null", "Ann"])
        #expect(reading.envelope?.warnings == [PersonName.warning(count: 3)])
        #expect(Reading.of(sync(users: user())).envelope?.warnings == [])
    }

    @Test("an id that says nothing counts as absent, in either field and body, and a warning counts them")
    func idsThatSayNothing() {
        let ids = [" ", "undefined", #"\u006eull"#, "undefined1", "nu", "kp_1"]
        let guide = Reading.of(sync(users: ids.map { user(#""id":"\#($0)","kindeUserId":"\#($0)""#) }.joined(separator: ",")))
        #expect(guide.records.map { $0.texts[.id] } == [nil, nil, nil, "undefined1", "nu", "kp_1"])
        #expect(guide.records.map { $0.states[.kindeUserID] } == [nil, nil, nil, .value, .value, .value])
        #expect(guide.envelope?.warnings == [PersonID.warning(count: 6)])
        let users = ids.map { #"{"externalId":"\#($0)","email":"a@b.c","firstName":"Ann"}"# }.joined(separator: ",")
        let other = Reading.of(#"{"mode":"upsert","orgCode":"o","users":[\#(users)]}"#)
        #expect(other.records.map { $0.texts[.id] } == [nil, nil, nil, "undefined1", "nu", "kp_1"])
        #expect(other.envelope?.warnings == [PersonID.warning(count: 3)])
        #expect(PersonID.warning(count: 1) == #"1 id is blank, "undefined" or "null", and counts as absent"#)
    }

    @Test("every element counts and keeps its index")
    func indices() {
        let reading = Reading.of(sync(users: (0..<500).map { user(#""id":"\#($0)""#) }.joined(separator: " , ")))
        #expect(reading.records.map(\.index) == Array(0..<500))
        #expect(reading.records.map { $0.texts[.id] } == (0..<500).map { "\($0)" })
        #expect(reading.envelope?.totalUsers == 500)
    }

    @Test("the accessibility check is a body with that one member")
    func connectionTest() {
        #expect(Reading.of(#"{"test": "connection"}"#).outcome == .success(.connectionTest))
        #expect(Reading.of(#"{"t\u0065st": "connectio\u006e"}"#).outcome == .success(.connectionTest))
        for body in [
            #"{"test":"connections"}"#, #"{"test":true}"#, #"{"test":"connection","test":"connection"}"#,
            #"{"test":"connection","users":[]}"#, #"{"Test":"connection"}"#, #"[{"test":"connection"}]"#,
        ] { #expect(Reading.of(body).violations != nil, "\(body)") }
        let sync = #"{"test":"connection","operation":"user_sync","tenant":{"id":"a","name":"b"},"users":[]}"#
        #expect(Reading.of(sync).envelope?.warnings == [#"Unknown key "test" was ignored"#])
    }

    @Test("unknown keys are named once, with their object")
    func warnings() {
        let users = [user(#""nick":1"#), user(#""nick":2,"\u006eick":3,"age":[]"#)].joined(separator: ",")
        let body =
            #"{"v":1,"operation":"user_sync","tenant":{"id":"a","name":"b","plan":{}},"users":[\#(users)],"metadata":{"v":2}}"#
        #expect(
            Reading.of(body).envelope?.warnings == [
                #"Unknown key "v" was ignored"#, #"Unknown key "tenant.plan" was ignored"#,
                #"Unknown key "users[].nick" was ignored"#,
                #"Unknown key "users[].age" was ignored"#, #"Unknown key "metadata.v" was ignored"#,
            ])
    }

    @Test("twenty unknown keys are named, cut and without characters that hide")
    func warningTexts() {
        let many = (0..<50).map { #""key\#($0)":0"# }.joined(separator: ",")
        let warnings = Reading.of(sync(users: user(many))).envelope?.warnings
        #expect(warnings?.count == 20)
        #expect(warnings?.last == #"Unknown key "users[].key19" was ignored"#)
        func shown(_ key: String) -> String? { Reading.of(sync(users: user(#""\#(key)":0"#))).envelope?.warnings.first }
        #expect(shown(#"a\n\u001b[31m\u202e"#) == #"Unknown key "users[].a\u{A}\u{1B}[31m\u{202E}" was ignored"#)
        #expect(shown(#"\"\\"#) == #"Unknown key "users[].\"\\" was ignored"#)
        #expect(shown("") == #"Unknown key "users[]." was ignored"#)
        let emoji = #"\ud83d\ude00"#
        #expect(
            shown(String(repeating: emoji, count: 64))
                == "Unknown key \"users[].\(String(repeating: "😀", count: 64))\" was ignored")
        #expect(
            shown(String(repeating: emoji, count: 65))
                == "Unknown key \"users[].\(String(repeating: "😀", count: 64))…\" was ignored")
        #expect(
            shown("x" + String(repeating: emoji, count: 80))
                == "Unknown key \"users[].x\(String(repeating: "😀", count: 63))…\" was ignored")
    }

    @Test("user by user, those with a problem become records that say it; the others go on")
    func perUser() throws {
        let users = [
            user(#""id":"1""#), #"{"id":"2","email":"no address","name":"","title":7,"email":"x"}"#, "17",
            #"{"id":"","email":""}"#,
            #"{"id":3,"email":null,"name":"N"}"#, #"{"id":"\#(String(repeating: "x", count: 256))","email":"\u0061@b"}"#,
            user(#""id":"6""#),
        ]
        let reading = Reading.of(sync(users: users.joined(separator: ",")), validation: .perUser)
        #expect(reading.envelope?.totalUsers == 7)
        try #require(reading.records.count == 7)
        #expect(reading.records.map(\.index) == Array(0..<7))
        #expect(reading.records.map { $0.texts[.problem] != nil } == [false, true, true, true, true, true, false])
        #expect(
            reading.records[1].texts == [
                .id: "2", .email: "no address",
                .problem: [
                    #""users[1].email" is given twice"#, #""users[1].email" must be a valid email"#,
                    #""users[1].name" is not allowed to be empty"#, #""users[1].title" must be a string"#,
                ].joined(separator: "; "),
            ])
        #expect(reading.records[2].texts == [.problem: #""users[2]" must be of type object"#])
        #expect(reading.records[3].texts.keys.contains(.id) == false)
        #expect(reading.records[3].texts.keys.contains(.email) == false)
        #expect(reading.records[4].states.keys.sorted { $0.rawValue < $1.rawValue } == [.problem])
        #expect(reading.records[5].texts[.email] == "a@b")
        #expect(reading.records[5].texts[.id] == nil)
    }

    @Test("a user with a problem keeps the id it is known by, also where that is its kindeUserId")
    func perUserKindeID() throws {
        let users = [
            #"{"kindeUserId":"kp_\u0031","email":"a@x.example","name":""}"#,
            #"{"kindeUserId":"\#(String(repeating: "k", count: 256))","email":"b@x.example","name":""}"#,
        ]
        let records = Reading.of(sync(users: users.joined(separator: ",")), validation: .perUser).records
        try #require(records.count == 2)
        #expect(records.map { $0.texts[.kindeUserID] } == ["kp_1", nil])
        #expect(records.allSatisfy { $0.texts[.problem] != nil })
    }

    @Test("the problem of a user is a few hundred bytes at most")
    func problemLength() throws {
        let bad = UserField.allCases.dropLast().map { #""\#($0.jsonName)":7,"\#($0.jsonName)":8"# }.joined(separator: ",")
        let problem = try #require(Reading.of(sync(users: "{\(bad)}"), validation: .perUser).records.first?.texts[.problem])
        #expect(problem.hasPrefix(#""users[0].id" is given twice; "users[0].id" must be a string; "#))
        #expect(problem.hasSuffix("; …"))
        #expect((400...600).contains(problem.utf8.count))
    }

    @Test("user by user, the envelope is still refused whole")
    func perUserEnvelope() {
        let reading = Reading.of(#"{"users":[\#(user()),{}],"tenant":{"id":""},"operation":"x"}"#, validation: .perUser)
        #expect(
            reading.violations?.first.map(\.message) == [
                #""tenant.id" is not allowed to be empty"#, #""tenant.name" is required"#, #""operation" must be [user_sync]"#,
            ])
        let first = Reading.of(#"{"operation":"x","users":[\#(user()),{}],"tenant":{"id":"a","name":"b"}}"#, validation: .perUser)
        #expect(first.violations?.count == 1)
        #expect(first.records.isEmpty)
    }

    @Test("users are drained as they come, or taken as a payload")
    func draining() throws {
        var reader = SyncRequestReader()
        let body = Array(sync(users: [user(), user(), user()].joined(separator: ",")).utf8)
        var counts: [Int] = []
        for byte in body {
            try withUnsafeBytes(of: byte) { try reader.feed($0) }
            counts.append(reader.pendingUsers)
        }
        #expect(counts == counts.sorted())
        #expect(!reader.isRefused)
        struct Full: Error {}
        #expect(throws: Full.self) { try reader.drainUsers { _, _ in throw Full() } }
        guard case .sync = try reader.finish() else { Issue.record("no sync"); return }
        #expect(reader.pendingUsers == 3)
        #expect(reader.totalUsers == 3)
        let bytes = reader.pendingBytes
        let payload = reader.takeUsers()
        #expect(payload.count == 3)
        #expect(payload.bytes.count == bytes)
        #expect(reader.pendingUsers == 0)
        #expect(reader.takeUsers() == BatchPayload(bytes: [], count: 0))
        var writer = UserRecordWriter()
        payload.forEachRaw { raw, _ in writer.append(record: raw) }
        #expect(BatchPayload(writer) == payload)
    }
}
