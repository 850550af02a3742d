/// Reads the members of one object. What a reader can do without is as good as absent if it cannot be read: a later server may
/// have another form of it. It is noted.
struct MemberReader: MemberCoder {
    typealias Failure = any Error

    let container: KeyedDecodingContainer<MemberName>
    let unread: UnreadMembers?

    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) {
        var read: Value?
        nullable(name, &read)
        if let read { value = read }
    }

    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) throws {
        value = try container.decode(Decoded<Value>.self, forKey: MemberName(name)).value
    }

    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        value = read(MemberName(name))
    }

    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        nullable(name, &value)
    }

    /// `nil` if it is absent, `null` or cannot be read.
    func read<Value: JSONValueType>(_ name: MemberName) -> Value? {
        do {
            return try container.decodeIfPresent(Decoded<Value>.self, forKey: name)?.value
        } catch {
            unread?.note(error, at: container.codingPath + [name])
            return nil
        }
    }
}

/// The name of a member, for Foundation's decoder.
struct MemberName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: StaticString) { stringValue = name.description }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
}
