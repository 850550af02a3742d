extension SyncRequestParser {
    // MARK: The body

    /// `mode`, required.
    mutating func mode(_ first: UInt8, _ cursor: inout JSONCursor) throws(JSONStop) {
        guard let text = try checked(.mode, first, &cursor) else { return }
        envelope.mode = SyncMode(rawValue: String(decoding: text, as: UTF8.self))
        if envelope.mode == nil { refuse(.notMode, [.key("mode")]) }
    }

    /// `orgCode`, required.
    mutating func orgCode(_ first: UInt8, _ cursor: inout JSONCursor) throws(JSONStop) {
        guard let text = try checked(.orgCode, first, &cursor) else { return }
        envelope.tenantName = String(decoding: text, as: UTF8.self)
        envelope.tenantID = TenantID(envelope.tenantName)
        if let users = versionTwo.orgCode, users != text { refuse(.differs(from: "users[].orgCode"), [.key("orgCode")]) }
        versionTwo.orgCode = text
    }

    /// Scans a short member of the body and checks it by its rule in `ObjectShape.syncVersion2`.
    /// - Returns: the text of a string; `nil` if it is none, or breaks the rule.
    mutating func checked(
        _ member: ObjectShape.Member, _ first: UInt8, _ cursor: inout JSONCursor
    ) throws(JSONStop) -> [UInt8]? {
        let path = [Violation.PathElement.key(member.rawValue)]
        let scanned = try whole(&cursor) { window throws(JSONStop) in try window.value(first, depth: 1) }
        guard let slot = scanned, let key = ObjectShape.syncVersion2.index(of: member) else {
            refuse(.tooLarge(SyncRequestParser.maxValueBytes), path)
            skip(depth: 1, then: .afterMember)
            return nil
        }
        place = .afterMember
        if let breach = ObjectShape.syncVersion2.rules[key].breach(slot, in: cursor) {
            refuse(breach, path)
            return nil
        }
        return slot.kind == .string ? JSONText.unescaped(cursor.bytes(slot.start, slot.end)) : nil
    }

    /// What only the whole body shows.
    mutating func finishVersionTwo() {
        if body == .version2 {
            if envelope.mode == .fullReconcile, totalUsers == 0, has(.users) { refuse(.noItems, [.key("users")]) }
        } else if versionTwo.isLate, !has(.operation), !has(.tenant) {
            // Its users were read by the rules of the other body: what these say would only mislead.
            violations = Violations()
            refuse(.afterUsers, [.key("mode")])
        }
    }

    /// Whether the body has a member of the guide's; `users` has the same index in both bodies.
    private func has(_ member: ObjectShape.Member) -> Bool {
        ObjectShape.sync.index(of: member).map { members.has($0) } ?? false
    }

    // MARK: A user

    /// Remembers the organisation of the first valid user that names one, if the body has not.
    mutating func expectOrgCode(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor
    ) {
        guard versionTwo.orgCode == nil, let raw = text(.orgCode, members, slots, cursor), !raw.isEmpty else { return }
        versionTwo.orgCode = JSONText.unescaped(raw)
    }

    /// Calls `met` for each rule that concerns more than one member, with the index of the key.
    func forEachBreachOfVersionTwo(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor,
        _ met: (Int, RuleViolation) -> Void
    ) {
        let organisation = text(.orgCode, members, slots, cursor).flatMap { $0.isEmpty ? nil : JSONText.unescaped($0) }
        if let organisation, let expected = versionTwo.orgCode, organisation != expected {
            met(VersionTwoField.orgCode.rawValue, .differs(from: "orgCode"))
        }
        let lengths = [VersionTwoField.firstName, .lastName].compactMap { text($0, members, slots, cursor) }
            .map(JSONText.characters)
        if lengths.count == 2, lengths.allSatisfy({ 1...255 ~= $0 }), lengths[0] + 1 + lengths[1] > 255 {
            met(VersionTwoField.lastName.rawValue, .tooLong(max(0, 254 - lengths[0])))
        }
    }

    /// Writes the record of a valid user. An empty text means "not known" and is left out, so that it clears nothing; what the
    /// CRM's table has no column for is left out too.
    mutating func writeVersionTwo(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor
    ) {
        for (member, field) in SyncRequestParser.fieldsOfVersionTwo where members.has(member.rawValue) {
            let slot = slots[member.rawValue]
            let isUnknown = slot.kind == .null || slot.kind == .string && slot.start == slot.end
            if !isUnknown { write(field, member.rule, slot, cursor) }
        }
        let names = [VersionTwoField.firstName, .lastName].map { member in
            text(member, members, slots, cursor).map { String(decoding: JSONText.unescaped($0), as: UTF8.self) }
        }
        if let name = PersonName.joined(names) {
            users.set(.name, text: name)
        } else {
            users.set(.name, .null)
            namelessUsers += 1
        }
    }

    private static let fieldsOfVersionTwo: [(VersionTwoField, UserField)] = [
        (.externalID, .id), (.email, .email), (.designation, .title), (.isActive, .isActive),
    ]

    /// The raw text of a member that is a string.
    private func text(
        _ member: VersionTwoField, _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor
    ) -> UnsafeRawBufferPointer? {
        guard members.has(member.rawValue), case let slot = slots[member.rawValue], slot.kind == .string else { return nil }
        return cursor.bytes(slot.start, slot.end)
    }
}
