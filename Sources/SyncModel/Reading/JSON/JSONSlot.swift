/// A member's value as found by the scan of its object.
struct JSONSlot {
    enum Kind: UInt8 { case null, no, yes, number, string, array, object }

    var kind: Kind
    /// It cannot be copied as is: the string has escapes, or the container has white space between its tokens.
    var needsRewriting: Bool
    /// Positions of the cursor, without a string's quotes.
    var start: Int
    var end: Int
}

/// Which of the known keys an object has.
struct JSONMembers {
    /// The most keys an object may have.
    static let capacity = 32

    /// One bit per key, in the order of the shape: it occurred; it occurred again.
    private(set) var seen: UInt32 = 0
    private(set) var repeated: UInt32 = 0

    @inline(__always)
    func has(_ key: Int) -> Bool { seen >> UInt32(key) & 1 == 1 }

    @inline(__always)
    func repeats(_ key: Int) -> Bool { repeated >> UInt32(key) & 1 == 1 }

    /// - Returns: whether this is the first time.
    @inline(__always)
    mutating func note(_ key: Int) -> Bool {
        let bit = UInt32(1) << UInt32(key)
        if seen & bit != 0 { repeated |= bit }
        defer { seen |= bit }
        return seen & bit == 0
    }
}
