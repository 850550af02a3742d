/// The layout from before records had a format. It is frozen, whatever happens to `UserField`.
extension UserRecord {
    /// How many fields it has, numbered from 0.
    private static let fieldsOfFormat0 = 15
    /// Those that store no text, as a mask of their numbers.
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
