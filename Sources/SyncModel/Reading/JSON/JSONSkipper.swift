/// Checks and skips one JSON value of any size and shape, in constant memory: the open containers are bits of a word. It can be
/// resumed at any byte, so a value may arrive in any number of parts.
struct JSONSkipper: Sendable {
    /// How deep containers may nest, counting the outermost.
    static let maxDepth = 64

    private enum Expected: UInt8 {
        case value, valueOrEnd, key, keyOrEnd, colon, separator
        /// Inside a string, key or number whose beginning has been consumed.
        case stringRest, keyRest, numberRest
        case done
    }

    private var expected = Expected.value
    private var phase = JSONNumberPhase.start
    /// Containers open around the value, and now.
    private let outside: Int
    private var depth: Int
    /// Bit `n` is set if the container at depth `n + 1` is an object.
    private var objects: UInt64 = 0
    /// There was white space between the value's tokens.
    private(set) var isSpaced = false

    /// - Parameter depth: containers open around the value.
    init(depth: Int) {
        outside = depth
        self.depth = depth
    }

    /// True once the value has ended; for a number outside any container, also if the text may end here.
    var mayEnd: Bool { expected == .done || (expected == .numberRest && depth == outside && phase.isComplete) }

    /// Returns when the value has ended, with the cursor after it.
    mutating func skip(_ cursor: inout JSONCursor) throws(JSONStop) {
        while expected != .done { try step(&cursor) }
    }

    @inline(__always)
    private mutating func step(_ cursor: inout JSONCursor) throws(JSONStop) {
        switch expected {
        case .stringRest, .keyRest:
            _ = try cursor.stringRest()
            if expected == .keyRest { expected = .colon } else { valueEnded() }
            return
        case .numberRest:
            try cursor.numberRest(&phase)
            valueEnded()
            return
        default: break
        }
        let before = cursor.at
        let byte = try cursor.peekToken()
        if cursor.at != before, depth > outside { isSpaced = true }
        switch expected {
        case .value: try value(byte, .expectedValue, &cursor)
        case .valueOrEnd:
            if byte == UInt8(ascii: "]") { close(&cursor) } else { try value(byte, .expectedValueOrEnd, &cursor) }
        case .key, .keyOrEnd:
            if byte == UInt8(ascii: "\"") {
                cursor.at += 1
                expected = .keyRest
            } else if expected == .keyOrEnd, byte == UInt8(ascii: "}") {
                close(&cursor)
            } else {
                throw .malformed(expected == .key ? .expectedKey : .expectedKeyOrEnd, at: cursor.at)
            }
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw .malformed(.expectedColon, at: cursor.at) }
            cursor.at += 1
            expected = .value
        case .separator:
            let inObject = objects >> UInt64(depth - 1) & 1 == 1
            if byte == UInt8(ascii: ",") {
                cursor.at += 1
                expected = inObject ? .key : .value
            } else if byte == (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                close(&cursor)
            } else {
                throw .malformed(inObject ? .expectedCommaOrBrace : .expectedCommaOrBracket, at: cursor.at)
            }
        case .stringRest, .keyRest, .numberRest, .done: break
        }
    }

    @inline(__always)
    private mutating func value(_ first: UInt8, _ problem: JSONProblem, _ cursor: inout JSONCursor) throws(JSONStop) {
        switch first {
        case UInt8(ascii: "\""):
            cursor.at += 1
            expected = .stringRest
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            guard depth < JSONSkipper.maxDepth else { throw .malformed(.tooDeep, at: cursor.at) }
            let bit = UInt64(1) << UInt64(depth)
            depth += 1
            cursor.at += 1
            if first == UInt8(ascii: "{") {
                objects |= bit
                expected = .keyOrEnd
            } else {
                objects &= ~bit
                expected = .valueOrEnd
            }
        case UInt8(ascii: "t"):
            try cursor.literal("true", .expectedTrue)
            valueEnded()
        case UInt8(ascii: "f"):
            try cursor.literal("false", .expectedFalse)
            valueEnded()
        case UInt8(ascii: "n"):
            try cursor.literal("null", .expectedNull)
            valueEnded()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            phase = .start
            expected = .numberRest
        default: throw .malformed(problem, at: cursor.at)
        }
    }

    @inline(__always)
    private mutating func close(_ cursor: inout JSONCursor) {
        cursor.at += 1
        depth -= 1
        valueEnded()
    }

    @inline(__always)
    private mutating func valueEnded() { expected = depth == outside ? .done : .separator }
}
