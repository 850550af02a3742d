import SyncModel
import TestSupport
import Testing

@Suite("The rules of a sync")
struct SyncRequestRulesTests {
    /// A value, and what is wrong with it: `nil`, nothing.
    struct ValueCase: Sendable, CustomTestStringConvertible {
        var member: String
        var json: String
        var predicate: String?
        var type: String?

        var testDescription: String { "\(member): \(json.prefix(60))" }

        init(_ member: String, _ json: String, _ predicate: String? = nil, _ type: String? = nil) {
            self.member = member
            self.json = json
            self.predicate = predicate
            self.type = type
        }
    }

    private static func text(_ count: Int, _ character: String = "x") -> String {
        "\"" + String(repeating: character, count: count) + "\""
    }

    private static func texts(_ member: String, max: Int, mayBeEmpty: Bool) -> [ValueCase] {
        let tooLong = "length must be less than or equal to \(max) characters long"
        return [
            ValueCase(member, text(max)), ValueCase(member, text(max, "李")), ValueCase(member, text(max, #"\ud83d\ude00"#)),
            ValueCase(member, text(max, #"\n"#)), ValueCase(member, text(max + 1), tooLong, "string.max"),
            ValueCase(member, text(max + 1, "😀"), tooLong, "string.max"),
            ValueCase(member, text(max + 1, #"\u00e9"#), tooLong, "string.max"),
            ValueCase(member, "7", "must be a string", "string.base"),
            ValueCase(member, "true", "must be a string", "string.base"),
            ValueCase(member, "[]", "must be a string", "string.base"),
            ValueCase(member, #"{"a":"b"}"#, "must be a string", "string.base"),
            mayBeEmpty ? ValueCase(member, "\"\"") : ValueCase(member, "\"\"", "is not allowed to be empty", "string.empty"),
        ]
    }

    private static func dates(_ member: String) -> [ValueCase] {
        let bad = "must be in ISO 8601 date format"
        let good = ["2025-08-19T10:00:00.000Z", "2025-08-19", "2025-08-19T10:00+02:00", #"2025-08-19T10:00:00\u005a"#]
        let wrong = ["2025-13-01", "2025-02-29T00:00:00.000Z", "yesterday", "1755597600", "2025-08-19T10:00:00.000Zz"]
        return good.map { ValueCase(member, "\"\($0)\"") } + wrong.map { ValueCase(member, "\"\($0)\"", bad, "string.isoDate") }
            + [
                ValueCase(member, "1755597600", "must be a string", "string.base"),
                ValueCase(member, "\"\"", "is not allowed to be empty", "string.empty"), ValueCase(member, "null"),
            ]
    }

    private static let userCases: [ValueCase] =
        texts("id", max: 255, mayBeEmpty: false) + texts("kindeUserId", max: 255, mayBeEmpty: false)
        + texts("name", max: 255, mayBeEmpty: false) + texts("avatar", max: 2048, mayBeEmpty: true)
        + texts("department", max: 100, mayBeEmpty: true) + texts("title", max: 100, mayBeEmpty: true)
        + texts("subscriptionTier", max: 50, mayBeEmpty: true) + dates("lastActiveAt")
        + ["id", "kindeUserId", "avatar", "department", "title", "subscriptionTier"].map { ValueCase($0, "null") }
        + ["isActive", "isAdmin"].flatMap { member in
            [ValueCase(member, "true"), ValueCase(member, "false"), ValueCase(member, "null")]
                + ["1", "\"true\"", "[]", "{}"].map { ValueCase(member, $0, "must be a boolean", "boolean.base") }
        }
        + ["roles", "permissions", "allowedApplications"].flatMap { member in
            [ValueCase(member, "[]"), ValueCase(member, "{}"), ValueCase(member, "null"), ValueCase(member, #"[1,{"a":null}]"#)]
                + ["1", "true"].map { json in
                    let allowed = member == "allowedApplications" ? "an array or object" : "an array, object or string"
                    return ValueCase(member, json, "must be \(allowed)", "alternatives.types")
                }
        } + [
            ValueCase("roles", "\"admin\""), ValueCase("permissions", "\"*\""), ValueCase("permissions", "\"\""),
            ValueCase("allowedApplications", "\"crm\"", "must be an array or object", "alternatives.types"),
            ValueCase("name", "null", "must be a string", "string.base"),
            ValueCase("email", "null", "must be a string", "string.base"),
            ValueCase("email", "7", "must be a string", "string.base"),
            ValueCase("email", "\"\"", "is not allowed to be empty", "string.empty"),
            ValueCase("email", "\"ada\"", "must be a valid email", "string.email"),
            ValueCase("email", #""ada\u0040example.com""#),
        ]

    @Test("a user's value is taken or refused in Joi's words", arguments: userCases)
    func userValue(_ value: ValueCase) {
        var members = ["email": #""ada@example.com""#, "name": #""Ada""#]
        members[value.member] = value.json
        let json = members.map { #""\#($0)":\#($1)"# }.joined(separator: ",")
        expect(value, at: [.key("users"), .index(1), .key(value.member)], in: sync(users: user() + ",{\(json)}"))
    }

    private static let tenantCases: [ValueCase] =
        texts("id", max: 255, mayBeEmpty: false) + texts("name", max: 255, mayBeEmpty: false)
        + texts("subdomain", max: 255, mayBeEmpty: true) + texts("kindeOrgId", max: 255, mayBeEmpty: true) + [
            ValueCase("subdomain", "null"), ValueCase("kindeOrgId", "null"),
            ValueCase("id", "null", "must be a string", "string.base"),
            ValueCase("name", "null", "must be a string", "string.base"),
        ]

    @Test("a value of the tenant is taken or refused in Joi's words", arguments: tenantCases)
    func tenantValue(_ value: ValueCase) {
        var members = ["id": #""t""#, "name": #""T""#]
        members[value.member] = value.json
        let json = members.map { #""\#($0)":\#($1)"# }.joined(separator: ",")
        expect(value, at: [.key("tenant"), .key(value.member)], in: #"{"operation":"user_sync","tenant":{\#(json)},"users":[]}"#)
    }

    private static let metadataCases: [ValueCase] =
        texts("syncedBy", max: 255, mayBeEmpty: true) + texts("syncType", max: 255, mayBeEmpty: true)
        + texts("applicationCode", max: 255, mayBeEmpty: true) + texts("callbackUrl", max: 2048, mayBeEmpty: false)
        + dates("syncTime") + ["syncedBy", "syncType", "applicationCode", "callbackUrl"].map { ValueCase($0, "null") }

    @Test("a value of the metadata is taken or refused in Joi's words", arguments: metadataCases)
    func metadataValue(_ value: ValueCase) {
        expect(
            value, at: [.key("metadata"), .key(value.member)],
            in: sync(users: user(), metadata: #"{"\#(value.member)":\#(value.json)}"#))
    }

    private static let bodyCases: [ValueCase] = [
        ValueCase("operation", #""user_removal""#, "must be [user_sync]", "any.only"),
        ValueCase("operation", #""USER_SYNC""#, "must be [user_sync]", "any.only"),
        ValueCase("operation", #""""#, "is not allowed to be empty", "string.empty"),
        ValueCase("operation", #""user\u005fsync""#), ValueCase("operation", "null", "must be a string", "string.base"),
        ValueCase("operation", "[]", "must be a string", "string.base"),
        ValueCase("tenant", "null", "must be of type object", "object.base"),
        ValueCase("tenant", "[{}]", "must be of type object", "object.base"),
        ValueCase("tenant", #""t""#, "must be of type object", "object.base"),
        ValueCase("users", "null", "must be an array", "array.base"),
        ValueCase("users", "{}", "must be an array", "array.base"), ValueCase("users", #""x""#, "must be an array", "array.base"),
        ValueCase("users", " [ ] "), ValueCase("metadata", "null"), ValueCase("metadata", "{}"),
        ValueCase("metadata", "[]", "must be of type object", "object.base"),
        ValueCase("metadata", "1", "must be of type object", "object.base"),
    ]

    @Test("a member of the body is taken or refused in Joi's words", arguments: bodyCases)
    func bodyValue(_ value: ValueCase) {
        var members = ["operation": #""user_sync""#, "tenant": #"{"id":"t","name":"T"}"#, "users": "[]"]
        members[value.member] = value.json
        let json = members.map { #""\#($0)" : \#($1)"# }.joined(separator: " , ")
        expect(value, at: [.key(value.member)], in: "{\(json)}")
    }

    private func expect(_ value: ValueCase, at path: [Violation.PathElement], in body: String) {
        let reading = Reading.of(body)
        guard let predicate = value.predicate, let type = value.type else {
            #expect(reading.envelope != nil, "\(reading)")
            return
        }
        var label = ""
        for element in path {
            switch element {
            case .key(let key): label += label.isEmpty ? key : ".\(key)"
            case .index(let index): label += "[\(index)]"
            }
        }
        #expect(reading.violations?.first == [Violation(path: path, message: "\"\(label)\" \(predicate)", type: type)])
        #expect(reading.violations?.count == 1)
    }

    @Test("what breaks the envelope stands before what breaks users, however many do and wherever they stand")
    func envelopeFirst() throws {
        for count in [3, 99, 250] {
            let users = repeatElement(#"{"email":"a@b.cd","name":""}"#, count: count).joined(separator: ",")
            let found = try #require(Reading.of(#"{"users":[\#(users)],"metadata":{"syncTime":"soon"}}"#).violations)
            #expect(
                found.first.prefix(4).map(\.path) == [
                    [.key("metadata"), .key("syncTime")], [.key("operation")], [.key("tenant")],
                    [.key("users"), .index(0), .key("name")],
                ])
            #expect(found.count == count + 3)
            #expect(found.first.count == min(count + 3, 100))
        }
    }

    @Test("what is required is missed, in the order of the rules")
    func required() {
        let violations = Reading.of(#"{"tenant":{},"users":[{},{"name":"N"}]}"#).violations
        #expect(
            violations?.first.map(\.message) == [
                #""tenant.id" is required"#, #""tenant.name" is required"#, #""operation" is required"#,
                #""users[0].email" is required"#, #""users[0].name" is required"#, #""users[1].email" is required"#,
            ])
        #expect(violations?.first.allSatisfy { $0.type == "any.required" } == true)
        #expect(
            Reading.of("{}").violations?.first.map(\.message) == [
                #""operation" is required"#, #""tenant" is required"#, #""users" is required"#,
            ])
    }

    @Test(
        "a body that is no object is refused as such", arguments: ["1", "null", #""x""#, "[]", #"[{"operation":"user_sync"}]"#])
    func noObject(_ body: String) {
        #expect(
            Reading.of(body).violations?.first == [
                Violation(path: [], message: #""value" must be of type object"#, type: "object.base")
            ])
    }

    @Test("a user that is no object is refused as such", arguments: ["1", "null", #""x""#, "[]", "true", "-0.5"])
    func noUser(_ json: String) {
        let violations = Reading.of(sync(users: user() + "," + json)).violations
        #expect(
            violations?.first == [
                Violation(path: [.key("users"), .index(1)], message: #""users[1]" must be of type object"#, type: "object.base")
            ])
    }

    @Test("a known key that is given twice is refused, unescaped or not; an unknown one is not")
    func repeated() {
        func message(_ body: String) -> [String]? { Reading.of(body).violations?.first.map { "\($0.message) \($0.type)" } }
        let members = #""operation":"user_sync","tenant":{"id":"t","name":"T"},"users":[]"#
        for key in ["operation", "tenant", "users"] {
            #expect(message(#"{\#(members),"\#(key)":[{"any":"thing"}]}"#) == [#""\#(key)" is given twice object.duplicate"#])
        }
        #expect(message(#"{\#(members),"metadata":{},"metadata":null}"#) == [#""metadata" is given twice object.duplicate"#])
        #expect(message(#"{\#(members),"\u0075sers":[]}"#) == [#""users" is given twice object.duplicate"#])
        #expect(message(sync(users: user(#""\u0065mail":"x""#))) == [#""users[0].email" is given twice object.duplicate"#])
        #expect(
            message(sync(users: user(#""title":"a","title":"b","title":"c""#))) == [
                #""users[0].title" is given twice object.duplicate"#
            ])
        #expect(
            message(sync(users: "", metadata: #"{"syncType":"a","syncType":"b"}"#)) == [
                #""metadata.syncType" is given twice object.duplicate"#
            ])
        #expect(
            message(#"{"operation":"user_sync","tenant":{"id":"a","name":"b","id":"c"},"users":[]}"#) == [
                #""tenant.id" is given twice object.duplicate"#
            ])
        #expect(Reading.of(sync(users: user(#""x":1,"x":2"#), metadata: #"{"y":1,"y":2}"#)).envelope != nil)
        #expect(Reading.of(#"{\#(members),"z":1,"z":2}"#).envelope != nil)
    }

    @Test("the first hundred violations are kept and all are counted")
    func many() {
        let users = (0..<250).map { $0.isMultiple(of: 2) ? #"{"name":""}"# : user() }.joined(separator: ",")
        let reading = Reading.of(sync(users: users))
        #expect(reading.violations?.count == 250)
        #expect(reading.violations?.first.count == 100)
        #expect(reading.violations?.first.last?.path == [.key("users"), .index(98), .key("name")])
        #expect(reading.records.isEmpty)
    }

    @Test("a user too many is an error of its own, whatever it is")
    func tooMany() {
        let three = sync(users: [user(), user(), user()].joined(separator: ","))
        #expect(Reading.of(three, maxUsers: 3).envelope?.totalUsers == 3)
        #expect(Reading.of(three, maxUsers: 2).outcome == .failure(.tooManyUsers(limit: 2)))
        #expect(Reading.of(#"{"users":[1"#, maxUsers: 0).outcome == .failure(.tooManyUsers(limit: 0)))
        #expect(Reading.of(#"{"users":[1,]"#, maxUsers: 1).syntaxError?.offset == 12)
        #expect(Reading.of(sync(users: ""), maxUsers: 0).envelope?.totalUsers == 0)
        #expect(RequestReadError.tooManyUsers(limit: 2).description == "A request may hold at most 2 users")
    }
}
