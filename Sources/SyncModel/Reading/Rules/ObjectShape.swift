/// The keys an object of the request format may have, and their rules.
struct ObjectShape: Sendable {
    /// Where the object stands in the body; it begins the name of an unknown key in a warning.
    let scope: UnknownKeys.Scope
    let names: [String]
    let rules: [FieldRule]
    private let keys: [JSONKey]

    init(_ scope: UnknownKeys.Scope, _ members: [(StaticString, FieldRule)]) {
        self.scope = scope
        names = members.map { $0.0.description }
        rules = members.map { $0.1 }
        keys = members.map { JSONKey($0.0) }
    }

    /// The index of a key that stands between two positions of the cursor's memory; `nil`: unknown.
    /// - Parameter expected: the index to try first, since senders keep an order.
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
    /// An element of `users`; the keys in the order of `UserField`. The lengths are those of the columns.
    static let user = ObjectShape(
        .user,
        [
            ("id", .name(255)),
            ("kindeUserId", .name(255)),
            ("email", .email),
            ("name", .required(255)),
            ("avatar", .text(2048)),
            ("isActive", .boolean),
            ("isAdmin", .boolean),
            ("department", .text(100)),
            ("title", .text(100)),
            ("lastActiveAt", .isoDate),
            ("roles", .containerOrText),
            ("permissions", .containerOrText),
            ("allowedApplications", .container),
            ("subscriptionTier", .text(50)),
        ])

    static let tenant = ObjectShape(
        .tenant,
        [("id", .required(255)), ("name", .required(255)), ("subdomain", .text(255)), ("kindeOrgId", .text(255))])

    static let metadata = ObjectShape(
        .metadata,
        [
            ("syncTime", .isoDate), ("syncedBy", .text(255)), ("syncType", .text(255)), ("applicationCode", .text(255)),
            ("callbackUrl", .name(2048)),
        ])

    /// The body of a sync. Its members are read one by one as they come, so its rules but `isRequired` are told there.
    static let sync = ObjectShape(
        .body, [("operation", .required(.max)), ("tenant", .object), ("users", .array), ("metadata", .optionalObject)])

    /// The body of a removal. 500 characters are room for a sentence.
    static let removal = ObjectShape(
        .body,
        [
            ("operation", .required(.max)), ("tenant", .object), ("userId", .required(255)), ("removedAt", .isoDate),
            ("reason", .text(500)),
        ])
}
