extension JSONCursor {
    /// Scans an object from its brace past its end. It must be complete in memory; otherwise `.incomplete` is thrown and the
    /// cursor is no longer usable.
    /// - Parameters:
    ///   - depth: the object's own level of nesting, 1 for the outermost.
    ///   - shape: the known keys.
    ///   - slots: receives their values, one slot each; for a repeated key, the first value.
    ///   - unknown: receives the other keys.
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

    /// Scans a value that must be complete in memory, with the cursor at its first byte.
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
