import SyncModel
import TestSupport
import Testing

@Suite("The body of a sync in version 2")
struct VersionTwoTests {
    private func read(_ users: [String], mode: String = "upsert", validation: ValidationMode = .reject) -> Reading {
        Reading.of(Bodies.versionTwo(users, mode: mode), validation: validation)
    }

    private func messages(_ reading: Reading) -> [String] { reading.violations?.first.map(\.message) ?? [] }

    @Test("the platform's own example is read into a record")
    func example() throws {
        let user = Bodies.userOfVersionTwo(
            "kp_2", "Bob@Acme.example.com", first: "Bob", last: "Builder Junior", title: "Sales Manager")
        let reading = read([user])
        let envelope = try #require(reading.envelope)
        #expect(envelope.mode == .upsert && envelope.tenantID == "org_1" && envelope.tenantName == "org_1")
        #expect(envelope.totalUsers == 1 && envelope.warnings.isEmpty && envelope.syncTime == nil)
        let record = try #require(reading.records.first)
        #expect(
            record.texts == [
                .id: "kp_2", .email: "Bob@Acme.example.com", .name: "Bob Builder Junior", .title: "Sales Manager",
            ])
        #expect(record.states[.isActive] == .yes && record.states.count == 5)
    }

    @Test("what is empty or null is not known: it clears nothing")
    func unknown() throws {
        let user = #"{"externalId":"u","email":"a@x.io","firstName":null,"lastName":"","designation":"","isActive":null}"#
        let reading = read([user, Bodies.userOfVersionTwo("v", "b@x.io", first: "", last: "")])
        #expect(reading.records.first?.states == [.id: .value, .email: .value, .name: .null])
        #expect(reading.records.last?.states == [.id: .value, .email: .value, .name: .null, .isActive: .yes])
        let warning = try #require(reading.envelope?.warnings.first)
        #expect(warning == PersonName.warning(count: 2))
    }

    @Test(
        "names are joined; what the platform glues of missing parts is none",
        arguments: [
            ("Bob", "Builder", "Bob Builder"), ("Bob", "", "Bob"), ("", "Builder", "Builder"), (" Bob ", " ", "Bob"),
            ("undefined", "undefined", nil), ("null", "null", nil), ("Bob", "undefined", "Bob"), ("null", "O'Null", "O'Null"),
            ("\u{2003}李", "雷\u{3000}", "李 雷"), (" ", "", nil), ("", "", nil),
        ] as [(String, String, String?)])
    func names(_ first: String, _ last: String, _ expected: String?) {
        let reading = read([Bodies.userOfVersionTwo("u", "a@x.io", first: first, last: last)])
        #expect(reading.records.first?.texts[.name] == expected)
    }

    @Test("escapes in any part are read: names, the organisation, the mode, keys")
    func escapes() {
        let reading = Reading.of(
            #"{"m\u006fde":"\u0075psert","orgCode":"\u006frg","users":[{"external\u0049d":"k\u0070_1","email":"a@x.io","#
                + #""firstName":"J\u00fcrgen","lastName":"O\"Hara","orgCode":"or\u0067"}]}"#)
        #expect(reading.envelope?.tenantID == "org")
        #expect(reading.records.first?.texts == [.id: "kp_1", .email: "a@x.io", .name: "J\u{FC}rgen O\"Hara"])
    }

    @Test("full-reconcile says that nobody was deactivated, and is refused if the list is empty")
    func fullReconcile() {
        let reading = read([Bodies.userOfVersionTwo("u", "a@x.io")], mode: "full-reconcile")
        #expect(reading.envelope?.mode == .fullReconcile)
        #expect(reading.envelope?.warnings.count == 1)
        #expect(reading.envelope?.warnings.first?.contains("deactivated nobody") == true)
        #expect(messages(read([], mode: "full-reconcile")) == [#""users" must contain at least 1 items"#])
        #expect(read([]).envelope?.totalUsers == 0)
    }

    @Test(
        "what breaks a rule of the body refuses it, and says where",
        arguments: [
            (#"{"mode":"replace","orgCode":"o","users":[]}"#, #""mode" must be one of [upsert, full-reconcile]"#),
            (#"{"mode":"","orgCode":"o","users":[]}"#, #""mode" is not allowed to be empty"#),
            (#"{"mode":7,"orgCode":"o","users":[]}"#, #""mode" must be a string"#),
            (#"{"mode":["upsert"],"orgCode":"o","users":[]}"#, #""mode" must be a string"#),
            (#"{"mode":"upsert","users":[]}"#, #""orgCode" is required"#),
            (#"{"mode":"upsert","orgCode":null,"users":[]}"#, #""orgCode" must be a string"#),
            (#"{"mode":"upsert","orgCode":"","users":[]}"#, #""orgCode" is not allowed to be empty"#),
            (#"{"mode":"upsert","orgCode":"o"}"#, #""users" is required"#),
            (#"{"mode":"upsert","orgCode":"o","users":{}}"#, #""users" must be an array"#),
            (#"{"orgCode":"o","users":[]}"#, #""mode" is required"#),
            (#"{"mode":"upsert","mode":"upsert","orgCode":"o","users":[]}"#, #""mode" is given twice"#),
            (#"{"mode":"upsert","orgCode":"o","users":[],"users":[]}"#, #""users" is given twice"#),
            (#"{"mode":"upsert","orgCode":"o","users":[],"forceUpdate":"true"}"#, #""forceUpdate" must be a boolean"#),
            (
                #"{"users":[{"externalId":"u","email":"a@x.io"}],"mode":"upsert","orgCode":"o"}"#,
                #""mode" must come before users"#
            ),
            (
                #"{"mode":"upsert","users":[{"externalId":"u","email":"a@x.io","orgCode":"p"}],"orgCode":"o"}"#,
                #""orgCode" must be equal to users[].orgCode"#
            ),
        ])
    func badBodies(_ body: String, _ message: String) {
        #expect(messages(Reading.of(body)) == [message])
    }

    @Test(
        "what breaks a rule of a user names it",
        arguments: [
            (#"{"email":"a@x.io"}"#, #""users[0].externalId" is required"#),
            (#"{"externalId":"","email":"a@x.io"}"#, #""users[0].externalId" is not allowed to be empty"#),
            (#"{"externalId":7,"email":"a@x.io"}"#, #""users[0].externalId" must be a string"#),
            (#"{"externalId":"u"}"#, #""users[0].email" is required"#),
            (#"{"externalId":"u","email":"x"}"#, #""users[0].email" must be a valid email"#),
            (#"{"externalId":"u","email":"a@x.io","isActive":"yes"}"#, #""users[0].isActive" must be a boolean"#),
            (#"{"externalId":"u","email":"a@x.io","orgCode":"org_2"}"#, #""users[0].orgCode" must be equal to orgCode"#),
            (#"{"externalId":"u","email":"a@x.io","orgCode":"ORG_1"}"#, #""users[0].orgCode" must be equal to orgCode"#),
        ])
    func badUsers(_ user: String, _ message: String) {
        #expect(messages(read([user])) == [message])
        let lenient = read([user, Bodies.userOfVersionTwo("v", "b@x.io")], validation: .perUser)
        #expect(lenient.records.first?.texts[.problem] == message)
        #expect(lenient.records.last?.texts[.problem] == nil && lenient.envelope?.totalUsers == 2)
    }

    @Test("what is not kept may be anything")
    func notKept() {
        let reading = read([#"{"externalId":"u","email":"a@x.io","mobile":491701234,"zone":["north",{"id":7}],"metadata":"x"}"#])
        #expect(reading.records.first?.states == [.id: .value, .email: .value, .name: .null])
        #expect(reading.envelope?.warnings.count == 1)
    }

    @Test("an organisation of a user that is empty or null is not known, wherever the body's own stands")
    func unknownOrganisation() {
        for organisation in ["null", "\"\""] {
            let user = #"{"externalId":"u","email":"a@x.io","orgCode":\#(organisation)}"#
            #expect(messages(read([user])) == [], "\(organisation)")
            let late = Reading.of(#"{"mode":"upsert","users":[\#(user)],"orgCode":"org_1"}"#)
            #expect(messages(late) == [] && late.envelope?.tenantID == "org_1", "\(organisation)")
        }
    }

    @Test("an organisation is not believed of a user who breaks a rule, wherever the body's own stands")
    func organisationOfBadUser() {
        let bad = [
            #"{"externalId":"u","email":"nonsense","orgCode":"org_2"}"#,
            #"{"externalId":"u","email":"a@x.io","orgCode":"\#(String(repeating: "x", count: 300))"}"#,
            #"{"externalId":"","email":"a@x.io","orgCode":"org_2"}"#,
        ]
        for user in bad {
            let good = Bodies.userOfVersionTwo("v", "b@x.io")
            let users = [user, good, Bodies.userOfVersionTwo("w", "c@x.io", organisation: "org_3")]
            let late = #"{"mode":"upsert","users":[\#(users.joined(separator: ","))],"orgCode":"org_1"}"#
            let lenient = Reading.of(late, validation: .perUser)
            #expect(messages(lenient) == [] && lenient.envelope?.tenantID == "org_1" && lenient.envelope?.totalUsers == 3)
            #expect(lenient.records.map { $0.texts[.problem] == nil } == [false, true, false])
            #expect(messages(Reading.of(late)).count == 2, "one of each user who breaks a rule")
        }
    }

    @Test("a name of both parts has room for 255 characters")
    func longNames() {
        func message(_ first: Int, _ last: Int) -> [String] {
            messages(
                read([
                    Bodies.userOfVersionTwo(
                        "u", "a@x.io", first: String(repeating: "é", count: first), last: String(repeating: "é", count: last))
                ]))
        }
        #expect(message(255, 0) == [] && message(200, 54) == [])
        #expect(message(200, 55) == [#""users[0].lastName" length must be less than or equal to 54 characters long"#])
    }

    @Test("a member of the guide's body first makes it the guide's, whatever else it has")
    func guideStaysGuide() throws {
        let body = #"{"operation":"user_sync","mode":"upsert","tenant":{"id":"t","name":"T"},"users":[],"orgCode":"o"}"#
        let envelope = try #require(Reading.of(body).envelope)
        #expect(envelope.mode == nil && envelope.tenantID == "t")
        #expect(envelope.warnings == ["Unknown key \"mode\" was ignored", "Unknown key \"orgCode\" was ignored"])
        let usersFirst = #"{"users":[],"forceUpdate":true,"operation":"user_sync","tenant":{"id":"t","name":"T"}}"#
        #expect(Reading.of(usersFirst).envelope?.tenantID == "t")
    }

    @Test("unknown members are named, of the body and of users")
    func unknownMembers() {
        let reading = Reading.of(
            #"{"mode":"upsert","orgCode":"o","tenant":{"id":"x"},"users":[{"externalId":"u","email":"a@x.io","firstName":"A","name":"N"}]}"#
        )
        #expect(
            reading.envelope?.warnings == ["Unknown key \"tenant\" was ignored", "Unknown key \"users[].name\" was ignored"])
    }

    @Test("cut anywhere, a body is read as in one piece")
    func cuts() {
        let body = Array(
            Bodies.versionTwo([
                Bodies.userOfVersionTwo("kp_1", "a@x.io"), Bodies.userOfVersionTwo("u", "b@x.io", first: "", last: "J\\u00fc"),
            ]).utf8)
        let whole = Reading.of(body)
        #expect(whole.records.count == 2)
        for cut in 0...body.count { #expect(Reading.of(body, cuts: [cut]) == whole, "cut at \(cut)") }
    }
}
