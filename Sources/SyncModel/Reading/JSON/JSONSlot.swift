/// Where a member's value stands, as the scan of its object leaves it.
struct JSONSlot {
    enum Kind: UInt8 { case null, no, yes, number, string, array, object }

    var kind: Kind
    /// It is not to be copied as it stands: the string has escapes, the container has white space between its tokens.
    var needsRewriting: Bool
    /// Positions of the cursor; a string's quotes are left out.
    var start: Int
    var end: Int
}

/// Which of the known keys an object has.
struct JSONMembers {
    /// A bit a key, in the order of the shape: it was there, it was there again.
    private(set) var seen: UInt32 = 0
    private(set) var repeated: UInt32 = 0

    @inline(__always)
    func has(_ key: Int) -> Bool { seen >> UInt32(key) & 1 == 1 }

    @inline(__always)
    func repeats(_ key: Int) -> Bool { repeated >> UInt32(key) & 1 == 1 }

    /// - Returns: whether it is the first time.
    @inline(__always)
    mutating func note(_ key: Int) -> Bool {
        let bit = UInt32(1) << UInt32(key)
        if seen & bit != 0 { repeated |= bit }
        defer { seen |= bit }
        return seen & bit == 0
    }
}

/// A known key, packed so that a comparison is three words.
struct JSONKey: Sendable, Equatable {
    static let maxLength = 24

    private let length: Int
    private let low: UInt64, middle: UInt64, high: UInt64

    /// - Parameter text: at most `maxLength` bytes.
    init(_ text: StaticString) {
        precondition(text.utf8CodeUnitCount <= JSONKey.maxLength, "a known key is short")
        self.init(UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount, readable: text.utf8CodeUnitCount)
    }

    /// - Parameter readable: how many bytes may be read, `length` or more.
    @inline(__always)
    init(_ start: UnsafeRawPointer, _ length: Int, readable: Int) {
        self.length = length
        low = JSONKey.word(start, min(length, 8), readable)
        middle = length > 8 ? JSONKey.word(start + 8, min(length - 8, 8), readable - 8) : 0
        high = length > 16 ? JSONKey.word(start + 16, min(length - 16, 8), readable - 16) : 0
    }

    @inline(__always)
    private static func word(_ start: UnsafeRawPointer, _ count: Int, _ readable: Int) -> UInt64 {
        if readable >= 8 {
            let word = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
            return count == 8 ? word : word & (UInt64(1) << UInt64(count * 8) &- 1)
        }
        var word: UInt64 = 0
        for i in 0..<count { word |= UInt64(start.load(fromByteOffset: i, as: UInt8.self)) << UInt64(i * 8) }
        return word
    }
}

extension JSONCursor {
    /// Scans an object from its brace to behind its end; it must be whole in the memory, else `.incomplete` is thrown and the
    /// cursor is to be thrown away.
    /// - Parameters:
    ///   - depth: the object's own level of nesting, 1 for the outermost.
    ///   - shape: the known keys.
    ///   - slots: where their values go, one each; of a repeated key the first.
    ///   - unknown: where the other keys go.
    mutating func object(
        depth: Int, shape: ObjectShape, slots: UnsafeMutableBufferPointer<JSONSlot>, unknown: inout UnknownKeys
    ) throws(JSONStop) -> JSONMembers {
        var members = JSONMembers()
        at += 1
        var next = 0
        var byte = try peekToken()
        if byte == UInt8(ascii: "}") {
            at += 1
            return members
        }
        guard byte == UInt8(ascii: "\"") else { throw .malformed(.expectedKeyOrEnd, at: at) }
        while true {
            let start = at + 1
            at = start
            let escaped = try stringRest()
            let key = shape.find(self, start, at - 1, escaped: escaped, expected: next)
            if key == nil { unknown.note(shape.scope, bytes(start, at - 1)) }
            byte = try peekToken()
            guard byte == UInt8(ascii: ":") else { throw .malformed(.expectedColon, at: at) }
            at += 1
            byte = try peekToken()
            let slot = try value(byte, depth: depth)
            if let key {
                if members.note(key) { slots[key] = slot }
                next = key + 1
            }
            byte = try peekToken()
            if byte == UInt8(ascii: ",") {
                at += 1
                byte = try peekToken()
                guard byte == UInt8(ascii: "\"") else { throw .malformed(.expectedKey, at: at) }
            } else if byte == UInt8(ascii: "}") {
                at += 1
                return members
            } else {
                throw .malformed(.expectedCommaOrBrace, at: at)
            }
        }
    }

    /// Scans a value that must be whole in the memory. The cursor stands at its first byte.
    /// - Parameter depth: containers open around it.
    @inline(__always)
    mutating func value(_ first: UInt8, depth: Int) throws(JSONStop) -> JSONSlot {
        let start = at
        switch first {
        case UInt8(ascii: "\""):
            at += 1
            let escaped = try stringRest()
            return JSONSlot(kind: .string, needsRewriting: escaped, start: start + 1, end: at - 1)
        case UInt8(ascii: "t"):
            try literal("true", .expectedTrue)
            return JSONSlot(kind: .yes, needsRewriting: false, start: start, end: at)
        case UInt8(ascii: "f"):
            try literal("false", .expectedFalse)
            return JSONSlot(kind: .no, needsRewriting: false, start: start, end: at)
        case UInt8(ascii: "n"):
            try literal("null", .expectedNull)
            return JSONSlot(kind: .null, needsRewriting: false, start: start, end: at)
        default:
            var skipper = JSONSkipper(depth: depth)
            try skipper.skip(&self)
            let kind: JSONSlot.Kind =
                first == UInt8(ascii: "[") ? .array : first == UInt8(ascii: "{") ? .object : .number
            return JSONSlot(kind: kind, needsRewriting: skipper.isSpaced, start: start, end: at)
        }
    }
}
