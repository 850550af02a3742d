/// The ids that the platform knows a person by (Contract.md, "Ids").
package enum PersonID {
    /// Whether an id is a Kinde id, which is compared with `kinde_user_id`. Any other is a platform id, which is compared with
    /// `wrapper_user_id`.
    @inlinable
    package static func isKinde(_ id: UnsafeRawBufferPointer) -> Bool {
        id.count >= 3 && id[0] == UInt8(ascii: "k") && id[1] == UInt8(ascii: "p") && id[2] == UInt8(ascii: "_")
    }

    /// Whether a text says nothing as an id: blank, or only the words that JavaScript puts where one is missing. It would make one
    /// person of all who have none.
    package static func isNone(_ id: UnsafeRawBufferPointer) -> Bool {
        // Nearly every id ends the question with its first byte.
        guard let first = id.first else { return true }
        let mayBeNone = first == UInt8(ascii: "u") || first == UInt8(ascii: "n") || first <= 0x20 || first >= 0x80
        return mayBeNone && PersonName.isNone(id)
    }

    /// A request's warning about ids that say nothing.
    /// - Parameter count: how many there are, at least one.
    package static func warning(count: Int) -> String {
        """
        \(count == 1 ? "1 id is" : "\(count) ids are") blank, "undefined" or "null", and \(count == 1 ? "counts" : "count") as absent
        """
    }
}

extension UserRecord {
    /// The user's own id, of either kind: `id`, else a `kindeUserId` that is a Kinde id.
    @inlinable
    package var personID: UnsafeRawBufferPointer? {
        if let id = bytes(.id) { return id }
        return bytes(.kindeUserID).flatMap { PersonID.isKinde($0) ? $0 : nil }
    }

    /// A Kinde id that stands beside the user's platform id.
    @inlinable
    package var kindeIDBeside: UnsafeRawBufferPointer? {
        guard let kinde = bytes(.kindeUserID), PersonID.isKinde(kinde), let id = bytes(.id), !PersonID.isKinde(id) else {
            return nil
        }
        return kinde
    }

    /// Makes the record say `kindeUserId` where it says `id`, if that is a Kinde id. The text stays where it is.
    /// - Returns: whether it does.
    @inlinable
    package mutating func tellKindeID(_ id: UnsafeRawBufferPointer?) -> Bool {
        guard let id, PersonID.isKinde(id) else { return false }
        states &= ~(3 << UInt64(UserField.id.rawValue * 2) | 3 << UInt64(UserField.kindeUserID.rawValue * 2))
        states |= UInt64(FieldState.value.rawValue) << UInt64(UserField.kindeUserID.rawValue * 2)
        return true
    }
}
