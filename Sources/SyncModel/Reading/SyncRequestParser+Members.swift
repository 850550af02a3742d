extension SyncRequestParser {
    /// Parses the key at the cursor; it decides how its value is parsed.
    mutating func key(_ cursor: inout JSONCursor) throws(JSONStop) {
        var window = cursor.window(SyncRequestParser.maxKeyBytes)
        let start = cursor.at + 1
        window.at = start
        var escaped = false
        do throws(JSONStop) {
            escaped = try window.stringRest()
        } catch {
            guard case .incomplete = error, window.end - cursor.at == SyncRequestParser.maxKeyBytes else { throw error }
            unknown.note(.body, cursor.bytes(start, window.at))
            memberCount += 1
            member = .unknown
            cursor.at = window.at
            place = .longKeyRest
            return
        }
        memberCount += 1
        if let (known, name) = find(window, start, window.at - 1, escaped: escaped) {
            if members.note(known) {
                member = Member(rawValue: name) ?? .unknown
            } else {
                refuse(.repeated, [.key(name)])
                member = .unknown
            }
        } else {
            let raw = cursor.bytes(start, window.at - 1)
            unknown.note(.body, raw)
            member = JSONText.unescaped(raw).elementsEqual("test".utf8) ? .test : .unknown
        }
        cursor.at = window.at
        place = .colon
    }

    /// The index and the name of a known key. The first that only one body has tells which body it is.
    private mutating func find(_ cursor: JSONCursor, _ start: Int, _ end: Int, escaped: Bool) -> (Int, String)? {
        for (candidate, shape) in [(SyncBody.guide, ObjectShape.sync), (.version2, .syncVersion2)] {
            guard let known = shape.find(cursor, start, end, escaped: escaped, expected: 0) else { continue }
            let name = shape.names[known]
            if body == nil, name != Member.users.rawValue { decide(candidate) }
            if body == nil || body == candidate { return (known, name) }
            if candidate == .version2 { versionTwo.isLate = true }
        }
        return nil
    }

    /// The value of a member.
    mutating func value(
        _ first: UInt8, _ cursor: inout JSONCursor, _ slots: UnsafeMutableBufferPointer<JSONSlot>
    ) throws(JSONStop) {
        switch member {
        case .operation: try operation(first, &cursor)
        case .tenant: try tenant(first, &cursor, slots)
        case .metadata: try metadata(first, &cursor, slots)
        case .mode: try mode(first, &cursor)
        case .orgCode: try orgCode(first, &cursor)
        case .forceUpdate: _ = try checked(.forceUpdate, first, &cursor)
        case .users:
            // Their rules are needed now.
            if body == nil { decide(.guide) }
            if first == UInt8(ascii: "[") {
                cursor.at += 1
                place = .firstUser
            } else {
                refuse(.notArray, [.key("users")])
                skip(depth: 1, then: .afterMember)
            }
        case .test:
            if first == UInt8(ascii: "\""), let text = try wholeString(&cursor) {
                testsConnection = text.elementsEqual("connection".utf8)
                place = .afterMember
            } else {
                skip(depth: 1, then: .afterMember)
            }
        case .unknown: skip(depth: 1, then: .afterMember)
        }
    }

    /// Scans the value at the cursor if it takes at most `maxValueBytes`; if it takes more, returns `nil` and leaves the cursor
    /// in place.
    @inline(__always)
    func whole<Scanned>(
        _ cursor: inout JSONCursor, _ scan: (inout JSONCursor) throws(JSONStop) -> Scanned
    ) throws(JSONStop) -> Scanned? {
        var window = cursor.window(SyncRequestParser.maxValueBytes)
        do throws(JSONStop) {
            let scanned = try scan(&window)
            cursor.at = window.at
            return scanned
        } catch {
            guard case .incomplete = error, window.end - cursor.at == SyncRequestParser.maxValueBytes else { throw error }
            return nil
        }
    }

    /// The text of the string at the cursor, with the limit of `whole`.
    func wholeString(_ cursor: inout JSONCursor) throws(JSONStop) -> [UInt8]? {
        try whole(&cursor) { window throws(JSONStop) in
            let slot = try window.value(UInt8(ascii: "\""), depth: 1)
            return JSONText.unescaped(window.bytes(slot.start, slot.end))
        }
    }
}
