/// The keys that an object of the request format may have, and their rules.
package struct ObjectShape: Sendable {
    /// Where the object is in the body; it prefixes the name of an unknown key in a warning.
    let scope: UnknownKeys.Scope
    package let names: [String]
    package let rules: [FieldRule]
    private let keys: [JSONKey]

    /// - Parameter members: in any order; the order that senders use is found fastest.
    private init(_ scope: UnknownKeys.Scope, _ members: [(name: String, rule: FieldRule)]) {
        precondition(members.count <= JSONMembers.capacity, "JSONMembers has a bit for each member")
        self.scope = scope
        names = members.map(\.name)
        rules = members.map(\.rule)
        keys = members.map { JSONKey($0.name) }
    }

    private init(_ scope: UnknownKeys.Scope, _ members: KeyValuePairs<Member, FieldRule>) {
        self.init(scope, members.map { ($0.key.rawValue, $0.value) })
    }

    /// The index of a member; `nil` if the object has no such member.
    func index(of member: Member) -> Int? { names.firstIndex(of: member.rawValue) }

    /// The index of the key between two positions of the cursor's memory; `nil` if unknown.
    /// - Parameter expected: the index to check first, since senders keep an order.
    @inline(__always)
    func find(_ cursor: JSONCursor, _ start: Int, _ end: Int, escaped: Bool, expected: Int) -> Int? {
        if escaped { return findEscaped(cursor.bytes(start, end)) }
        guard end - start <= JSONKey.maxLength else { return nil }
        let key = JSONKey(cursor.base + start, end - start, readable: cursor.end - start)
        if expected < keys.count, keys[expected] == key { return expected }
        return keys.firstIndex(of: key)
    }

    private func findEscaped(_ raw: UnsafeRawBufferPointer) -> Int? {
        guard raw.count <= JSONKey.maxLength * JSONText.maxEscapeLength else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: raw.count, alignment: 1) { text in
            let count = JSONText.unescape(raw, to: text)
            guard let base = text.baseAddress, count <= JSONKey.maxLength else { return nil }
            return keys.firstIndex(of: JSONKey(UnsafeRawPointer(base), count, readable: count))
        }
    }
}

extension ObjectShape {
    /// The members of the request format by their JSON names, except those of a user, which are `UserField`.
    enum Member: String {
        case operation, tenant, users, metadata
        case mode, orgCode, forceUpdate
        case id, name, subdomain
        case kindeOrgID = "kindeOrgId"
        case syncTime, syncedBy, syncType, applicationCode
        case callbackURL = "callbackUrl"
        case userID = "userId"
        case removedAt, reason
    }

    /// The fields of a user with their rules, in the order of `user`.
    static let userFields: [(field: UserField, rule: FieldRule)] = UserField.allCases.compactMap { field in
        field.rule.map { (field, $0) }
    }

    /// An element of `users`.
    package static let user = ObjectShape(.user, userFields.map { ($0.field.jsonName, $0.rule) })

    package static let tenant = ObjectShape(
        .tenant,
        [.id: .required(255), .name: .required(255), .subdomain: .text(255), .kindeOrgID: .text(255)])

    package static let metadata = ObjectShape(
        .metadata,
        [
            .syncTime: .isoDate, .syncedBy: .text(255), .syncType: .text(255), .applicationCode: .text(255),
            .callbackURL: .name(2048),
        ])

    /// The body of a sync. Its members are parsed one by one as they arrive, so apart from `isRequired` its rules are checked
    /// there.
    package static let sync = ObjectShape(
        .body, [.operation: .required(.max), .tenant: .object, .users: .array, .metadata: .optionalObject])

    /// The body of a sync in version 2, whose members are parsed as they arrive too. `users` has the index that it has in `sync`.
    package static let syncVersion2 = ObjectShape(
        .body, [.mode: .required(.max), .orgCode: .required(255), .users: .array, .forceUpdate: .boolean])

    /// An element of `users` in version 2.
    package static let userVersion2 = ObjectShape(.user, VersionTwoField.allCases.map { ($0.jsonName, $0.rule) })

    /// The body of a removal. 500 characters leave room for a sentence.
    package static let removal = ObjectShape(
        .body,
        [
            .operation: .required(.max), .tenant: .object, .userID: .required(255), .removedAt: .isoDate, .reason: .text(500),
        ])
}

extension UserField {
    /// What the field's value may be; `nil` if it is not part of the request format. The lengths are those of the columns.
    var rule: FieldRule? {
        switch self {
        case .id, .kindeUserID: .name(255)
        case .email: .email
        case .name: .required(255)
        case .avatar: .text(2048)
        case .isActive, .isAdmin: .boolean
        case .department, .title: .text(100)
        case .lastActiveAt: .isoDate
        case .roles, .permissions: .containerOrText
        case .allowedApplications: .container
        case .subscriptionTier: .text(50)
        case .problem: nil
        }
    }
}
