/// One validated user in a batch payload, read in place.
///
/// The layout (little endian) is made once at intake and bound to SQL once at apply, without a `String` in between. In every
/// format: `u24 length of what follows the first four bytes · u8 format · u32 index`. Then, in format 1, the one that is written:
/// `u64 states (two bits per field, by its number) · per text: u24 length, u8 number of the field, UTF-8`.
///
/// Format 0 is read as long as files contain it, and has only the fields 0 to 14:
/// `u32 states · per text field with a value, in the order of the numbers: u32 length, UTF-8`.
///
/// A view into memory that it does not own: use it only inside the closure that receives it.
package struct UserRecord {
    /// The format that is written.
    static let format: UInt8 = 1
    /// Numbers that a field may have: 0 to 31.
    package static let fieldLimit = 32
    /// The most bytes of a text, and of a record after its first four.
    @inlinable
    package static var maxLength: Int { 0xFF_FFFF }

    /// The user's position in the request, from 0.
    package let index: UInt32
    /// The record's layout. If this version does not know it, the record appears to have no fields (see `BatchPayload.check`).
    @usableFromInline let format: UInt8
    @usableFromInline var states: UInt64
    @usableFromInline let fields: UnsafeRawBufferPointer

    /// - Parameter raw: the record, including its length; at least 12 bytes.
    @inlinable
    package init(_ raw: UnsafeRawBufferPointer) {
        index = raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        format = raw[3]
        switch raw[3] {
        case 1 where raw.count >= 16:
            states = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            fields = UnsafeRawBufferPointer(rebasing: raw[16...])
        case 0:
            states = UInt64(raw.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            fields = UnsafeRawBufferPointer(rebasing: raw[12...])
        default:
            states = 0
            fields = UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    @inlinable
    package func state(_ field: UserField) -> FieldState {
        FieldState(rawValue: UInt32(truncatingIfNeeded: states >> UInt64(field.rawValue * 2) & 3)) ?? .absent
    }

    /// The bytes of a text field; `nil` if it is absent or null.
    @inlinable
    package func bytes(_ field: UserField) -> UnsafeRawBufferPointer? {
        guard state(field) == .value, !field.isBoolean else { return nil }
        guard format != 0 else { return bytesOfFormat0(field) }
        var at = 0
        while let text = text(at) {
            if text.number == field.rawValue { return text.bytes }
            at += 4 + text.bytes.count
        }
        return nil
    }

    /// Calls `body` for each text field that has a value: cheaper than `bytes(_:)` for each.
    @inlinable
    package func forEachText(_ body: (UserField, UnsafeRawBufferPointer) throws -> Void) rethrows {
        guard format != 0 else { return try forEachTextOfFormat0(body) }
        var at = 0
        // If a damaged record has a field twice, the first one counts, as for `bytes`.
        var seen: UInt64 = 0
        while let text = text(at) {
            at += 4 + text.bytes.count
            guard let field = UserField(rawValue: text.number), state(field) == .value, !field.isBoolean,
                seen >> UInt64(text.number) & 1 == 0
            else { continue }
            seen |= 1 << UInt64(text.number)
            try body(field, text.bytes)
        }
    }

    /// The text that begins at an offset of `fields`; `nil` if it is not within them: the record ends here, or is damaged.
    @inlinable
    func text(_ at: Int) -> (number: Int, bytes: UnsafeRawBufferPointer)? {
        guard at + 4 <= fields.count else { return nil }
        let head = Int(fields.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        let end = at + 4 + head & UserRecord.maxLength
        guard end <= fields.count else { return nil }
        return (head >> 24, UnsafeRawBufferPointer(rebasing: fields[(at + 4)..<end]))
    }

    /// A text field as a `String`; not for hot paths.
    package func text(_ field: UserField) -> String? {
        bytes(field).map { String(decoding: $0, as: UTF8.self) }
    }
}
