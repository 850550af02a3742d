/// What the value of a known key may be.
package struct FieldRule: Sendable {
    package enum Kind: UInt8, Sendable {
        /// A string.
        case text
        case email
        case boolean
        /// A string that is an ISO 8601 date or date and time.
        case isoDate
        /// An array or an object.
        case container
        /// The same, or a string, which counts as an array of one.
        case containerOrText
        case array
        case object
        /// Any value: it is not kept.
        case any
    }

    package let kind: Kind
    /// For a text: the most characters, as `VARCHAR(n)` counts them.
    package let maxLength: Int
    /// It must be present and not `null`.
    package let isRequired: Bool
    /// For a text: `""` is allowed.
    package let mayBeEmpty: Bool

    private init(_ kind: Kind, maxLength: Int = .max, isRequired: Bool = false, mayBeEmpty: Bool = false) {
        self.kind = kind
        self.maxLength = maxLength
        self.isRequired = isRequired
        self.mayBeEmpty = mayBeEmpty
    }

    /// A required string of at least one character.
    static func required(_ maxLength: Int) -> FieldRule { FieldRule(.text, maxLength: maxLength, isRequired: true) }
    /// A string that names something, so it is not empty if present.
    static func name(_ maxLength: Int) -> FieldRule { FieldRule(.text, maxLength: maxLength) }
    /// A string that may be empty, as the platform's data for people may be.
    static func text(_ maxLength: Int) -> FieldRule { FieldRule(.text, maxLength: maxLength, mayBeEmpty: true) }
    static let email = FieldRule(.email, maxLength: EmailAddress.maxLength, isRequired: true)
    static let boolean = FieldRule(.boolean)
    static let isoDate = FieldRule(.isoDate)
    static let container = FieldRule(.container)
    static let containerOrText = FieldRule(.containerOrText)
    static let array = FieldRule(.array, isRequired: true)
    static let object = FieldRule(.object, isRequired: true)
    static let any = FieldRule(.any)
    static let optionalObject = FieldRule(.object)

    /// The rule that the value breaks; `nil` if none.
    @inline(__always)
    func breach(_ slot: JSONSlot, in cursor: JSONCursor) -> RuleViolation? {
        if slot.kind == .null, !isRequired { return nil }
        switch kind {
        case .any: return nil
        case .boolean: return slot.kind == .yes || slot.kind == .no ? nil : .notBoolean
        case .container: return slot.kind == .array || slot.kind == .object ? nil : .notContainer
        case .containerOrText:
            return slot.kind == .array || slot.kind == .object || slot.kind == .string ? nil : .notContainerOrText
        case .array: return slot.kind == .array ? nil : .notArray
        case .object: return slot.kind == .object ? nil : .notObject
        case .text, .email, .isoDate: break
        }
        guard slot.kind == .string else { return .notString }
        if slot.start == slot.end { return mayBeEmpty ? nil : .empty }
        let raw = cursor.bytes(slot.start, slot.end)
        switch kind {
        case .email:
            return FieldRule.withText(raw, slot) { EmailAddress.isValid($0) } ? nil : .notEmail
        case .isoDate:
            return FieldRule.withText(raw, slot) { Timestamp.isCanonical($0) || Timestamp(iso8601: $0) != nil } ? nil : .notDate
        default:
            // A text never has more characters than bytes.
            return raw.count <= maxLength || JSONText.characters(raw) <= maxLength ? nil : .tooLong(maxLength)
        }
    }

    /// Calls `body` with the text of a string.
    @inline(__always)
    static func withText<R>(_ raw: UnsafeRawBufferPointer, _ slot: JSONSlot, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        slot.needsRewriting ? JSONText.unescaped(raw).withUnsafeBytes(body) : body(raw)
    }
}
