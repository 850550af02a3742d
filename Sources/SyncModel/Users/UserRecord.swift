/// One validated user in a batch payload, read in place.
///
/// The layout (little endian) is made once at intake and bound to SQL once at apply, without a `String` in between:
/// `u32 length of what follows · u32 index · u32 states (two bits a UserField) · per text field with a value: u32 length, UTF-8`.
/// A view into memory that it does not own: use it inside the closure that handed it out only.
package struct UserRecord {
    /// The user's position in the request, from 0.
    package let index: UInt32
    @usableFromInline let states: UInt32
    @usableFromInline let fields: UnsafeRawBufferPointer

    /// - Parameter body: the record after its length.
    @inlinable
    package init(body: UnsafeRawBufferPointer) {
        index = body.loadUnaligned(fromByteOffset: 0, as: UInt32.self)
        states = body.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        fields = UnsafeRawBufferPointer(rebasing: body[8...])
    }

    @inlinable
    package func state(_ field: UserField) -> FieldState {
        FieldState(rawValue: states >> UInt32(field.rawValue * 2) & 3) ?? .absent
    }

    /// The bytes of a text field; `nil` where it is absent or null.
    @inlinable
    package func bytes(_ field: UserField) -> UnsafeRawBufferPointer? {
        guard state(field) == .value, !field.isBoolean else { return nil }
        var at = 0
        for raw in 0..<UserField.problem.rawValue + 1 {
            guard states >> UInt32(raw * 2) & 3 == 2,
                raw != UserField.isActive.rawValue, raw != UserField.isAdmin.rawValue
            else { continue }
            guard let count = length(at) else { return nil }
            if raw == field.rawValue { return UnsafeRawBufferPointer(rebasing: fields[(at + 4)..<(at + 4 + count)]) }
            at += 4 + count
        }
        return nil
    }

    /// Calls `body` for each text field that has a value, in the order of `UserField`: cheaper than `bytes(_:)` for all of them.
    @inlinable
    package func forEachText(_ body: (UserField, UnsafeRawBufferPointer) throws -> Void) rethrows {
        var at = 0
        for raw in 0..<UserField.problem.rawValue + 1 {
            guard states >> UInt32(raw * 2) & 3 == 2,
                raw != UserField.isActive.rawValue, raw != UserField.isAdmin.rawValue,
                let field = UserField(rawValue: raw)
            else { continue }
            guard let count = length(at) else { return }
            try body(field, UnsafeRawBufferPointer(rebasing: fields[(at + 4)..<(at + 4 + count)]))
            at += 4 + count
        }
    }

    /// The length of the text that begins at an offset of `fields`; `nil` if it does not lie within: the record is damaged.
    @inlinable
    func length(_ at: Int) -> Int? {
        guard at + 4 <= fields.count else { return nil }
        let count = Int(fields.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        return at + 4 + count <= fields.count ? count : nil
    }

    /// A text field as a `String`; for places that are not hot.
    package func text(_ field: UserField) -> String? {
        bytes(field).map { String(decoding: $0, as: UTF8.self) }
    }
}
