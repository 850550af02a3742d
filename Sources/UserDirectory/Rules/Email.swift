import Foundation

/// How emails are compared: ignoring the case of ASCII letters.
enum Email {
    static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Whether `stored` equals `folded`, ignoring the case of ASCII letters.
    static func matches(_ stored: UnsafeRawBufferPointer, folded: UnsafeRawBufferPointer) -> Bool {
        stored.count == folded.count && zip(stored, folded).allSatisfy { lowered($0) == $1 }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether both hold the same bytes.
    func sameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let a = baseAddress, let b = other.baseAddress else { return count == 0 }
        return memcmp(a, b, count) == 0
    }
}
