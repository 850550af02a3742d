extension ObjectShape {
    /// Calls `body` for each rule that a scanned object breaks, in the order of the rules, with the key's index.
    @inline(__always)
    func forEachBreach(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, in cursor: JSONCursor,
        _ body: (Int, RuleViolation) -> Void
    ) {
        for key in 0..<rules.count {
            guard members.has(key) else {
                if rules[key].isRequired { body(key, .required) }
                continue
            }
            if members.repeats(key) { body(key, .repeated) }
            if let breach = rules[key].breach(slots[key], in: cursor) { body(key, breach) }
        }
    }

    /// Adds the rules that a scanned object breaks to `violations`.
    /// - Returns: whether it breaks none.
    func check(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, in cursor: JSONCursor,
        at path: [Violation.PathElement], _ violations: inout Violations
    ) -> Bool {
        let before = violations.count
        forEachBreach(members, slots, in: cursor) { key, breach in
            let path = path + [.key(names[key])]
            violations.add(at: path, breach.violation(at: path))
        }
        return violations.count == before
    }

    /// The text of a member that is a string; `nil` if it is absent or something else.
    func text(
        _ member: Member, _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, in cursor: JSONCursor
    ) -> String? {
        guard let key = index(of: member), members.has(key), slots[key].kind == .string else { return nil }
        let slot = slots[key]
        return FieldRule.withText(cursor.bytes(slot.start, slot.end), slot) { String(decoding: $0, as: UTF8.self) }
    }

    /// The time that a member names; `nil` if it is absent or null.
    func moment(
        _ member: Member, _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, in cursor: JSONCursor
    ) -> Timestamp? {
        text(member, members, slots, in: cursor).flatMap { Timestamp(iso8601: $0) }
    }
}
