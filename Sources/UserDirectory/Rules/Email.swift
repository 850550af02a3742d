/// How emails are compared: ignoring the case of ASCII letters.
package enum Email {
    @inlinable package static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Whether `stored` equals `folded`, ignoring the case of ASCII letters.
    @inlinable
    package static func matches(_ stored: UnsafeRawBufferPointer, folded: UnsafeRawBufferPointer) -> Bool {
        stored.count == folded.count && zip(stored, folded).allSatisfy { lowered($0) == $1 }
    }
}
