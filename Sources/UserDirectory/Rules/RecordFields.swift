import SyncModel

/// One user's record taken apart, so that every field is at hand without a search, and its email folded.
///
/// One instance serves a whole call: `load` fills it anew. Its pointers lead into the payload (and into its own buffer for a
/// folded email) and hold until the next `load`, inside the closure that handed the record out.
final class RecordFields {
    private(set) var index: UInt32 = 0
    private var record: UserRecord?
    private var texts = [UnsafeRawBufferPointer?](repeating: nil, count: UserField.allCases.count)
    private var folded = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 1)
    /// A record that was not handed out by a payload.
    private var own = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 8)

    /// The email with its ASCII letters in lower case: how emails are matched and stored. `nil` where the record has none.
    private(set) var email: UnsafeRawBufferPointer?

    /// The integration guide's default of `roles` and `permissions`.
    private static let emptyList: StaticString = "[]"

    deinit {
        folded.deallocate()
        own.deallocate()
    }

    func load(_ record: UserRecord) {
        self.record = record
        index = record.index
        for at in texts.indices { texts[at] = nil }
        record.forEachText { texts[$0.rawValue] = $1 }
        email = texts[UserField.email.rawValue].map(fold)
    }

    /// The same of a copy, which holds until the next one.
    /// - Parameter bytes: the record with its length. False where they are none.
    func load(copying bytes: [UInt8]) -> Bool {
        if own.count < bytes.count {
            own.deallocate()
            own = .allocate(byteCount: bytes.count, alignment: 8)
        }
        own.copyBytes(from: bytes)
        var isFound = false
        BatchPayload.forEachRaw(in: UnsafeRawBufferPointer(rebasing: own[..<bytes.count])) { _, record in
            load(record)
            isFound = true
        }
        return isFound
    }

    /// A text field as sent; `nil` where it is absent or null.
    subscript(field: UserField) -> UnsafeRawBufferPointer? { texts[field.rawValue] }

    /// What the request makes of a field; `nil`: it keeps its value.
    func target(_ field: UserField) -> FieldValue? {
        switch (state(field), field) {
        case (.absent, _), (_, .problem): nil
        // An id is who the user is: there is no clearing it.
        case (.null, .id), (.null, .email): nil
        case (.null, .isActive): .flag(true)
        case (.null, .isAdmin): .flag(false)
        case (.null, .roles), (.null, .permissions):
            .text(UnsafeRawBufferPointer(start: Self.emptyList.utf8Start, count: Self.emptyList.utf8CodeUnitCount))
        case (.null, _): .null
        case (.yes, _): .flag(true)
        case (.value, .isActive), (.value, .isAdmin): .flag(false)
        case (.value, .email): email.map { .text($0) }
        case (.value, _): texts[field.rawValue].map { .text($0) }
        }
    }

    /// The fields to be named when the user is created; the table's defaults stand for the others.
    var creation: FieldSet {
        var set = FieldSet()
        for field in UserField.stored {
            switch state(field) {
            case .absent: continue
            case .null where field.hasDefault || field == .id: continue
            default: set.insert(field)
            }
        }
        return set
    }

    /// The fields in which the request differs from what is stored, but for the email: that one has rules of its own.
    func changes(from stored: borrowing some StoredUser & ~Copyable) -> FieldSet {
        var set = FieldSet()
        for field in UserField.stored where field != .email {
            if let value = target(field), !stored.holds(value, in: field) { set.insert(field) }
        }
        return set
    }

    private func state(_ field: UserField) -> FieldState { record?.state(field) ?? .absent }

    private func fold(_ sent: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard sent.contains(where: { $0 >= 0x41 && $0 <= 0x5A }) else { return sent }
        if folded.count < sent.count {
            folded.deallocate()
            folded = .allocate(byteCount: sent.count, alignment: 1)
        }
        for at in sent.indices { folded[at] = Email.lowered(sent[at]) }
        return UnsafeRawBufferPointer(rebasing: folded[..<sent.count])
    }
}

/// A value on its way into a column.
enum FieldValue {
    case text(UnsafeRawBufferPointer)
    case flag(Bool)
    case null
}

/// A user as a driver has read it.
protocol StoredUser: ~Copyable {
    /// True where the column holds exactly this value.
    func holds(_ value: FieldValue, in field: UserField) -> Bool
}
