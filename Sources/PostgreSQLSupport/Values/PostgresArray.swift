/// A one-dimensional array as it is built, element by element: a column of rows for `unnest`.
package struct PostgresArray: Sendable {
    private let element: PostgresType
    private let type: PostgresType
    private var bytes: [UInt8]
    private var count: Int32 = 0
    private var hasNull = false

    /// Dimensions, whether there are NULLs, the element's type, elements, the first one's index.
    private static let header = 20

    /// - Parameters:
    ///   - element: one of `PostgresType`'s constants.
    ///   - elements: about so many will follow, of about `elementBytes` each.
    package init(of element: PostgresType, elements: Int = 0, elementBytes: Int = 8) {
        guard let type = element.array else { preconditionFailure("no array of \(element)") }
        self.element = element
        self.type = type
        bytes = []
        bytes.reserveCapacity(Self.header + elements * (4 + elementBytes))
        bytes.append(contentsOf: repeatElement(0, count: Self.header))
    }

    /// - Parameter value: of the element's type.
    package mutating func append(_ value: PostgresValue) {
        precondition(value.type == element, "an element of another type")
        guard let content = value.bytes else { return appendNull() }
        append(length: content.count)
        bytes.append(contentsOf: content)
    }

    /// A text or bytes, without a value in between.
    package mutating func append(bytes content: UnsafeRawBufferPointer) {
        precondition(element == .text || element == .bytea, "neither text nor bytes")
        append(length: content.count)
        bytes.append(contentsOf: content)
    }

    package mutating func append(_ text: String) {
        precondition(element == .text, "not of texts")
        append(length: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func appendNull() {
        hasNull = true
        append(length: -1)
    }

    private mutating func append(length: Int) {
        count += 1
        withUnsafeBytes(of: Int32(length).bigEndian) { bytes.append(contentsOf: $0) }
    }

    package var value: PostgresValue {
        var whole = bytes
        // The server makes of no elements an array without dimensions.
        let head: [UInt32] = [count == 0 ? 0 : 1, hasNull ? 1 : 0, element.oid, UInt32(count), 1]
        for (index, word) in head.enumerated() {
            withUnsafeBytes(of: word.bigEndian) { whole.replaceSubrange(index * 4..<index * 4 + 4, with: $0) }
        }
        if count == 0 { whole.removeSubrange(12...) }
        return PostgresValue(type, whole)
    }
}

extension PostgresValue {
    package static func texts(_ values: some Collection<String?>) -> PostgresValue {
        var array = PostgresArray(of: .text, elements: values.count, elementBytes: 24)
        for value in values {
            if let value { array.append(value) } else { array.appendNull() }
        }
        return array.value
    }

    package static func bools(_ values: some Collection<Bool?>) -> PostgresValue { array(.bool, values) { .bool($0) } }
    package static func int2s(_ values: some Collection<Int16?>) -> PostgresValue { array(.int2, values) { .int2($0) } }
    package static func int4s(_ values: some Collection<Int32?>) -> PostgresValue { array(.int4, values) { .int4($0) } }
    package static func int8s(_ values: some Collection<Int64?>) -> PostgresValue { array(.int8, values) { .int8($0) } }
    package static func float8s(_ values: some Collection<Double?>) -> PostgresValue { array(.float8, values) { .float8($0) } }
    package static func byteas(_ values: some Collection<[UInt8]?>) -> PostgresValue { array(.bytea, values) { .bytea($0) } }
    package static func jsonbs(_ values: some Collection<String?>) -> PostgresValue { array(.jsonb, values) { .jsonb($0) } }
    package static func uuids(_ values: some Collection<UInt128?>) -> PostgresValue { array(.uuid, values) { .uuid($0) } }

    /// Microseconds since 1970, UTC.
    package static func timestamps(_ values: some Collection<Int64?>) -> PostgresValue {
        array(.timestamp, values) { .timestamp($0) }
    }

    package static func timestamptzs(_ values: some Collection<Int64?>) -> PostgresValue {
        array(.timestamptz, values) { .timestamptz($0) }
    }

    private static func array<Element>(
        _ type: PostgresType, _ values: some Collection<Element?>, _ make: (Element?) -> PostgresValue
    ) -> PostgresValue {
        var array = PostgresArray(of: type, elements: values.count)
        for value in values { array.append(make(value)) }
        return array.value
    }
}
