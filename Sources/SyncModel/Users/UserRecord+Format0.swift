/// The layout of versions before records had a format. It does not change any more, whatever becomes of `UserField`.
extension UserRecord {
    /// Fields it has, by number.
    private static let fieldsOfFormat0 = 15
    /// Of them, those that store no text: bits by number.
    private static let booleansOfFormat0 = 1 << 5 | 1 << 6
    /// Bits of `states` that it uses.
    static let statesOfFormat0: UInt64 = 1 << UInt64(fieldsOfFormat0 * 2) - 1

    @usableFromInline
    func bytesOfFormat0(_ field: UserField) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        forEachTextOfFormat0 { if $0 == field { found = $1 } }
        return found
    }

    @usableFromInline
    func forEachTextOfFormat0(_ body: (UserField, UnsafeRawBufferPointer) throws -> Void) rethrows {
        var at = 0
        for number in 0..<Self.fieldsOfFormat0 {
            guard states >> UInt64(number * 2) & 3 == UInt64(FieldState.value.rawValue), Self.booleansOfFormat0 >> number & 1 == 0
            else { continue }
            guard at + 4 <= fields.count else { return }
            let end = at + 4 + Int(fields.loadUnaligned(fromByteOffset: at, as: UInt32.self))
            guard end <= fields.count else { return }
            let text = UnsafeRawBufferPointer(rebasing: fields[(at + 4)..<end])
            if let field = UserField(rawValue: number) { try body(field, text) }
            at = end
        }
    }
}
