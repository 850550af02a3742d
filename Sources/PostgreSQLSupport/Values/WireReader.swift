/// Reads numbers and bytes off what a server sent. Whatever is there, it neither traps nor reads beyond the end.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var count: Int { rest.count }

    /// `nil` if less is left.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        guard let bytes = bytes(Number.bitWidth / 8) else { return nil }
        return bytes.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// `nil` if less is left, or the length is negative.
    mutating func bytes(_ length: Int) -> ArraySlice<UInt8>? {
        guard length >= 0, length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length)
    }

    /// All of it as one number.
    static func whole<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as type: Number.Type = Number.self) -> Number? {
        var reader = WireReader(bytes)
        guard let number = reader.number(type), reader.count == 0 else { return nil }
        return number
    }

    /// The elements of an array of one dimension at most; `nil` for anything else.
    /// - Parameter type: of the elements; any of them.
    static func elements(_ bytes: ArraySlice<UInt8>, of types: Set<UInt32>) -> [ArraySlice<UInt8>?]? {
        var reader = WireReader(bytes)
        guard let dimensions = reader.number(Int32.self), reader.number(Int32.self) != nil, let type = reader.number(UInt32.self),
            types.contains(type)
        else { return nil }
        guard dimensions == 1 else { return dimensions == 0 && reader.count == 0 ? [] : nil }
        guard let count = reader.number(Int32.self), reader.number(Int32.self) != nil,
            // Each takes four bytes at least: nothing is reserved for elements that cannot be there.
            count >= 0, Int(count) <= reader.count / 4
        else { return nil }
        var elements: [ArraySlice<UInt8>?] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let length = reader.number(Int32.self) else { return nil }
            if length == -1 {
                elements.append(nil)
            } else {
                guard let element = reader.bytes(Int(length)) else { return nil }
                elements.append(element)
            }
        }
        return reader.count == 0 ? elements : nil
    }
}
