package import SyncModel

/// One user's record, parsed for access to every field without a search, with its email folded. An `id` that is a Kinde id is its
/// `kindeUserId`, and it has no `id` then: each id is in the field of the column that it is compared with.
///
/// One instance serves a whole call: `load` refills it. Its pointers lead into the payload (or, for a folded email, into its own
/// buffer) and are valid until the next `load`, inside the closure that passed the record.
///
/// What is read for each field is behind pointers that never change: accesses to a class's variables are checked at run time for
/// overlaps, which would cost 3,000 instructions per user.
package final class RecordFields {
    package private(set) var index: UInt32 = 0
    private let record = UnsafeMutablePointer<UserRecord?>.allocate(capacity: 1)
    /// By the fields' numbers.
    private let texts = UnsafeMutableBufferPointer<UnsafeRawBufferPointer?>.allocate(capacity: UserField.numbers.count)
    private var folded = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 1)
    /// Holds a record that does not come from a payload.
    private var own = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 8)

    /// The email with its ASCII letters in lower case, as it is matched and stored. `nil` if the record has none.
    package private(set) var email: UnsafeRawBufferPointer?

    /// The integration guide's default for `roles` and `permissions`.
    private static let emptyList: StaticString = "[]"

    package init() {
        record.initialize(to: nil)
        texts.initialize(repeating: nil)
    }

    deinit {
        record.deallocate()
        texts.deallocate()
        folded.deallocate()
        own.deallocate()
    }

    package func load(_ record: UserRecord) {
        index = record.index
        texts.update(repeating: nil)
        record.forEachText { [texts] in texts[$0.rawValue] = $1 }
        var record = record
        let id = texts[UserField.id.rawValue]
        if record.tellKindeID(id) {
            texts[UserField.kindeUserID.rawValue] = id
            texts[UserField.id.rawValue] = nil
        }
        self.record.pointee = record
        email = texts[UserField.email.rawValue].map(fold)
    }

    /// Loads a copy, which is valid until the next call.
    /// - Parameter bytes: the record with its length.
    /// - Returns: false if they are not a record, or one that this version cannot read.
    package func load(copying bytes: [UInt8]) -> Bool {
        if own.count < bytes.count {
            own.deallocate()
            own = .allocate(byteCount: bytes.count, alignment: 8)
        }
        own.copyBytes(from: bytes)
        var isFound = false
        BatchPayload.forEachRaw(in: UnsafeRawBufferPointer(rebasing: own[..<bytes.count])) { _, record in
            load(record)
            isFound = record.isReadable
        }
        return isFound
    }

    /// The user's own id, of either kind.
    package var personID: UnsafeRawBufferPointer? { self[.id] ?? kindeID }
    /// The user's own id, if that is a Kinde id.
    package var ownKindeID: UnsafeRawBufferPointer? { self[.id] == nil ? kindeID : nil }
    /// A Kinde id beside the user's platform id.
    package var kindeIDBeside: UnsafeRawBufferPointer? { self[.id] == nil ? nil : kindeID }
    /// The user's Kinde id, its own or beside it. Other text in `kindeUserId` is none.
    package var kindeID: UnsafeRawBufferPointer? { self[.kindeUserID].flatMap { PersonID.isKinde($0) ? $0 : nil } }

    /// A text field as sent; `nil` if it is absent or null.
    package subscript(field: UserField) -> UnsafeRawBufferPointer? { texts[field.rawValue] }

    /// Whether the record has what every user must have. A name that is `null` is not known, which is allowed.
    package var isComplete: Bool { email != nil && (self[.name] != nil || isNameUnknown) }
    private var isNameUnknown: Bool { state(.name) == .null }

    /// The value that the request gives a field; `nil` if the field keeps its value. A name that is not known is for new users
    /// alone: the local part of the email.
    package func target(_ field: UserField) -> FieldValue? {
        switch (state(field), field) {
        case (.absent, _), (_, .problem): nil
        // An id identifies the user: it cannot be cleared.
        case (.null, .id), (.null, .email): nil
        case (.null, .name): self[.email].map { .text(PersonName.localPart(of: $0)) }
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

    /// The fields to name when the user is created; the others get the table's defaults.
    package var creation: FieldSet {
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

    /// The fields in which the request differs from what is stored, except for the email, which has its own rules. A name that is
    /// not known differs from none.
    @inlinable
    package func changes(from stored: some StoredUser) -> FieldSet {
        var set = FieldSet()
        let keepsName = isNameUnknown
        for field in UserField.stored where field != .email && !(keepsName && field == .name) {
            if let value = target(field), !stored.holds(value, in: field) { set.insert(field) }
        }
        return set
    }

    private func state(_ field: UserField) -> FieldState { record.pointee?.state(field) ?? .absent }

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

/// A value about to be written to a column.
package enum FieldValue {
    case text(UnsafeRawBufferPointer)
    case flag(Bool)
    case null
}

/// A user as a driver has read it.
package protocol StoredUser {
    /// True if the column has exactly this value.
    func holds(_ value: FieldValue, in field: UserField) -> Bool
}
