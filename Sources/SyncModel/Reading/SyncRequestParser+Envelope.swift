extension SyncRequestParser {
    /// `operation`, required: `user_sync`.
    mutating func operation(_ first: UInt8, _ cursor: inout JSONCursor) throws(JSONStop) {
        let path = [Violation.PathElement.key("operation")]
        guard first == UInt8(ascii: "\"") else {
            refuse(.notString, path)
            return skip(depth: 1, then: .afterMember)
        }
        guard let text = try wholeString(&cursor) else {
            refuse(.notOperation(.userSync), path)
            return skip(depth: 1, then: .afterMember)
        }
        if text.isEmpty {
            refuse(.empty, path)
        } else if !text.elementsEqual(Operation.userSync.rawValue.utf8) {
            refuse(.notOperation(.userSync), path)
        }
        place = .afterMember
    }

    /// `tenant`, required: an object.
    mutating func tenant(
        _ first: UInt8, _ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>
    ) throws(JSONStop) {
        guard first == UInt8(ascii: "{") else {
            refuse(.notObject, [.key("tenant")])
            return skip(depth: 1, then: .afterMember)
        }
        guard let members = try object(.tenant, "tenant", &cursor, slots) else { return }
        envelope.tenantID = TenantID(ObjectShape.tenant.text(.id, members, slots, in: cursor) ?? "")
        envelope.tenantName = ObjectShape.tenant.text(.name, members, slots, in: cursor) ?? ""
        let named: KeyValuePairs<ObjectShape.Member, TenantNameKind> = [.kindeOrgID: .organisation, .subdomain: .subdomain]
        envelope.otherTenantIDs = named.compactMap { member, kind in
            let name = ObjectShape.tenant.text(member, members, slots, in: cursor).map { TenantID($0) }
            return name?.nameKind == kind ? name : nil
        }
    }

    /// `metadata`: an object, or null.
    mutating func metadata(
        _ first: UInt8, _ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>
    ) throws(JSONStop) {
        guard first == UInt8(ascii: "{") else {
            if first != UInt8(ascii: "n") { refuse(.notObject, [.key("metadata")]) }
            return skip(depth: 1, then: .afterMember)
        }
        guard let members = try object(.metadata, "metadata", &cursor, slots) else { return }
        let shape = ObjectShape.metadata
        envelope.syncTime = shape.moment(.syncTime, members, slots, in: cursor)
        envelope.syncedBy = shape.text(.syncedBy, members, slots, in: cursor)
        envelope.syncType = shape.text(.syncType, members, slots, in: cursor)
        envelope.applicationCode = shape.text(.applicationCode, members, slots, in: cursor)
        envelope.callbackURL = shape.text(.callbackURL, members, slots, in: cursor)
    }

    /// Scans and checks the object that is a member's value; `nil` if it is too large and will be skipped.
    private mutating func object(
        _ shape: ObjectShape, _ name: String, _ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>
    ) throws(JSONStop) -> JSONMembers? {
        let path = [Violation.PathElement.key(name)]
        var unknown = unknown
        let scanned = try whole(&cursor) { window throws(JSONStop) in
            try window.object(depth: 2, shape: shape, slots: slots, unknown: &unknown)
        }
        self.unknown = unknown
        guard let members = scanned else {
            refuse(.tooLarge(SyncRequestParser.maxValueBytes), path)
            skip(depth: 1, then: .afterMember)
            return nil
        }
        _ = shape.check(members, slots, in: cursor, at: path, &violations)
        place = .afterMember
        return members
    }
}
