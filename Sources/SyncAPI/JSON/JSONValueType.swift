package import SyncModel

/// What a member of a document may be.
package protocol JSONValueType: Sendable {
    /// Mutating, though it changes nothing: a document is written by the function that also reads it, and without a copy.
    mutating func write(to json: inout JSONWriter)
    static func read(from decoder: any Decoder) throws -> Self
    /// Its schema; `components` takes the documents that it refers to by name.
    static func schema(_ components: inout SchemaComponents) -> ValueSchema
}

/// Lets Foundation's decoder read a value of the API: some of them are stored elsewhere in another form.
struct Decoded<Value: JSONValueType>: Decodable {
    let value: Value

    init(from decoder: any Decoder) throws { value = try Value.read(from: decoder) }
}

extension JSONValueType where Self: Decodable {
    package static func read(from decoder: any Decoder) throws -> Self { try Self(from: decoder) }
}

extension String: JSONValueType {
    package func write(to json: inout JSONWriter) { json.string(self) }
}

extension Int: JSONValueType {
    package func write(to json: inout JSONWriter) { json.integer(Int64(self)) }
}

extension Int64: JSONValueType {
    package func write(to json: inout JSONWriter) { json.integer(self) }
}

extension Bool: JSONValueType {
    package func write(to json: inout JSONWriter) { json.bool(self) }
}

extension Double: JSONValueType {
    /// Rounded to three decimal places; `null` if it is not finite.
    package func write(to json: inout JSONWriter) { json.number(self) }
}

extension Timestamp: JSONValueType {
    /// ISO 8601, in milliseconds.
    package func write(to json: inout JSONWriter) { json.string(iso8601) }

    package static func read(from decoder: any Decoder) throws -> Timestamp {
        let text = try String(from: decoder)
        guard let timestamp = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not ISO 8601"))
        }
        return timestamp
    }
}

extension Array: JSONValueType where Element: JSONValueType {
    package func write(to json: inout JSONWriter) {
        json.array { json in for var element in self { element.write(to: &json) } }
    }

    package static func read(from decoder: any Decoder) throws -> [Element] {
        try [Decoded<Element>](from: decoder).map(\.value)
    }
}

extension [String: Int]: JSONValueType {
    /// In the order of the names.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            for (name, value) in sorted(by: { $0.key < $1.key }) { json.member(named: name) { value.write(to: &$0) } }
        }
    }
}
