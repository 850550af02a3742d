extension SyncRequestParser {
    /// An element of `users`.
    @inline(__always)
    mutating func user(_ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>) throws(JSONStop) {
        let first = try cursor.peekToken()
        if totalUsers >= maxUsers, first.startsJSONValue { throw stopForTooManyUsers() }
        guard first == UInt8(ascii: "{") else {
            // Anything that is not even a value is a syntax error, not a bad user.
            if first.startsJSONValue { unusable(.notObject) }
            return skip(depth: 2, then: .afterUser)
        }
        var window = cursor.window(SyncRequestParser.maxValueBytes)
        let members: JSONMembers
        do throws(JSONStop) {
            members = try window.object(depth: 3, shape: userShape, slots: slots, unknown: &unknown)
        } catch {
            guard case .incomplete = error, window.end - cursor.at == SyncRequestParser.maxValueBytes else { throw error }
            unusable(.tooLarge(SyncRequestParser.maxValueBytes))
            return skip(depth: 2, then: .afterUser)
        }
        cursor.at = window.at
        place = .afterUser
        take(members, slots, cursor)
        totalUsers += 1
    }

    /// Skips a user without parsing its members.
    private mutating func unusable(_ breach: RuleViolation) {
        switch validation {
        case .reject: refuse(breach, [.key("users"), .index(totalUsers)])
        case .perUser:
            users.begin(index: UInt32(totalUsers))
            users.set(.problem, text: breach.violation(at: [.key("users"), .index(totalUsers)]).message)
            users.end()
        }
        totalUsers += 1
    }

    /// Checks a scanned user and writes its record.
    @inline(__always)
    private mutating func take(_ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor) {
        var isValid = true
        forEachBreach(members, slots, cursor) { _, _ in isValid = false }
        guard isValid else { return refuseUser(members, slots, cursor) }
        if body == .version2 { expectOrgCode(members, slots, cursor) }
        guard violations.isEmpty else { return }
        users.begin(index: UInt32(totalUsers))
        if body == .version2 {
            writeVersionTwo(members, slots, cursor)
        } else {
            for key in 0..<userFields.count where members.has(key) {
                write(userFields[key].field, userFields[key].rule, slots[key], cursor)
            }
        }
        users.end()
    }

    /// Calls `body` for each rule that a scanned user breaks, with the index of its key.
    @inline(__always)
    private func forEachBreach(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor,
        _ met: (Int, RuleViolation) -> Void
    ) {
        userShape.forEachBreach(members, slots, in: cursor, met)
        if body == .version2 { forEachBreachOfVersionTwo(members, slots, cursor, met) }
    }

    @inline(never)
    private mutating func refuseUser(
        _ members: JSONMembers, _ slots: UnsafeMutableBufferPointer<JSONSlot>, _ cursor: JSONCursor
    ) {
        let path = [Violation.PathElement.key("users"), .index(totalUsers)]
        guard validation == .perUser else {
            var found = violations
            forEachBreach(members, slots, cursor) { key, breach in
                let path = path + [.key(userShape.names[key])]
                found.add(at: path, breach.violation(at: path))
            }
            violations = found
            return
        }
        guard violations.isEmpty else { return }
        var problem = ""
        forEachBreach(members, slots, cursor) { key, breach in
            let sentence = breach.violation(at: path + [.key(userShape.names[key])]).message
            if problem.utf8.count + sentence.utf8.count <= SyncRequestParser.maxProblemBytes {
                problem += problem.isEmpty ? sentence : "; \(sentence)"
            } else if !problem.hasSuffix("…") {
                problem += "; …"
            }
        }
        users.begin(index: UInt32(totalUsers))
        for field in [UserField.id, .kindeUserID, .email] {
            let name = body == .version2 && field == .id ? VersionTwoField.externalID.jsonName : field.jsonName
            guard let key = userShape.names.firstIndex(of: name) else { continue }
            let (slot, rule) = (slots[key], userShape.rules[key])
            guard members.has(key), slot.kind == .string, slot.start < slot.end,
                JSONText.characters(cursor.bytes(slot.start, slot.end)) <= rule.maxLength
            else { continue }
            write(field, rule, slot, cursor)
        }
        users.set(.problem, text: problem)
        users.end()
    }

    /// The most bytes of sentences about one user's problems.
    private static let maxProblemBytes = 500

    @inline(__always)
    mutating func write(_ field: UserField, _ rule: FieldRule, _ slot: JSONSlot, _ cursor: JSONCursor) {
        let raw = cursor.bytes(slot.start, slot.end)
        switch slot.kind {
        case .null: users.set(field, .null)
        case .no: users.set(field, .value)
        case .yes: users.set(field, .yes)
        case .string where rule.kind == .isoDate: writeMoment(field, slot, raw)
        case .string where rule.kind == .containerOrText: writeAsArray(field, raw)
        case .string where field == .name && FieldRule.withText(raw, slot, PersonName.isNone):
            users.set(.name, .null)
            namelessUsers += 1
        case .string where (field == .id || field == .kindeUserID) && FieldRule.withText(raw, slot, PersonID.isNone):
            emptyIDs += 1
        case .string where slot.needsRewriting: users.set(field, upTo: raw.count) { JSONText.unescape(raw, to: $0) }
        case .array where slot.needsRewriting, .object where slot.needsRewriting:
            users.set(field, upTo: raw.count) { JSONText.minify(raw, to: $0) }
        case .string, .array, .object: users.set(field, text: raw)
        // No rule allows a number.
        case .number: break
        }
    }

    /// A single string instead of a list, such as the `"*"` of users who may do everything: stored as an array of one.
    private mutating func writeAsArray(_ field: UserField, _ raw: UnsafeRawBufferPointer) {
        users.set(field, upTo: raw.count + 4) { out in
            let head: StaticString = "[\""
            let tail: StaticString = "\"]"
            out.copyMemory(from: UnsafeRawBufferPointer(start: head.utf8Start, count: 2))
            UnsafeMutableRawBufferPointer(rebasing: out[2...]).copyMemory(from: raw)
            UnsafeMutableRawBufferPointer(rebasing: out[(2 + raw.count)...])
                .copyMemory(from: UnsafeRawBufferPointer(start: tail.utf8Start, count: 2))
            return raw.count + 4
        }
    }

    private mutating func writeMoment(_ field: UserField, _ slot: JSONSlot, _ raw: UnsafeRawBufferPointer) {
        if Timestamp.isCanonical(raw) { return users.set(field, text: raw) }
        let moment = FieldRule.withText(raw, slot) { Timestamp(iso8601: $0) }
        if let moment { users.set(field, upTo: Timestamp.maxTextLength) { moment.writeISO8601(to: $0) } }
    }
}
