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
    /// Keys an object may have.
    static let capacity = 32

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
