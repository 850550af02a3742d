/// Reads the members of one object.
struct MemberReader: MemberCoder {
    let container: KeyedDecodingContainer<MemberName>

    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) throws {
        var read: Value?
        try nullable(name, &read)
        if let read { value = read }
    }

    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) throws {
        value = try container.decode(Decoded<Value>.self, forKey: MemberName(name)).value
    }

    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) throws {
        value = try container.decodeIfPresent(Decoded<Value>.self, forKey: MemberName(name))?.value
    }

    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) throws {
        try nullable(name, &value)
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
