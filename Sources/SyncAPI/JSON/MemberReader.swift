/// Reads the members of one object. What a reader can do without is as good as absent if it cannot be read: a later server may
/// have another form of it.
struct MemberReader: MemberCoder {
    typealias Failure = any Error

    let container: KeyedDecodingContainer<MemberName>

    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) {
        var read: Value?
        nullable(name, &read)
        if let read { value = read }
    }

    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) throws {
        value = try container.decode(Decoded<Value>.self, forKey: MemberName(name)).value
    }

    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        value = (try? container.decodeIfPresent(Decoded<Value>.self, forKey: MemberName(name)))?.value
    }

    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        nullable(name, &value)
    }
}

/// The name of a member, for Foundation's decoder.
struct MemberName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: StaticString) { stringValue = name.description }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
}
