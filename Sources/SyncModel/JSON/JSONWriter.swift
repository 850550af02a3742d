/// Writes JSON as UTF-8 bytes, in the order of the calls. Small, without reflection: answers for single users are on the hot
/// path.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    // MARK: Containers

    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(0x7B)
        try members(&self)
        close(0x7D)
    }

    package mutating func array(_ elements: (inout JSONWriter) -> Void) {
        open(0x5B)
        elements(&self)
        close(0x5D)
    }

    /// Separates values of an NDJSON text with a line feed.
    package mutating func newline() {
        bytes.append(0x0A)
        needsComma = false
    }

    // MARK: Members of an object

    package mutating func member(_ name: StaticString, _ value: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(0x22)
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(0x22)
        bytes.append(0x3A)
        needsComma = false
        value(&self)
        needsComma = true
    }

    /// A member whose name is data.
    package mutating func member(named name: String, _ value: (inout JSONWriter) throws -> Void) rethrows {
        string(name)
        bytes.append(0x3A)
        needsComma = false
        try value(&self)
        needsComma = true
    }

    package mutating func member(_ name: StaticString, _ value: String) { member(name) { $0.string(value) } }
    package mutating func member(_ name: StaticString, _ value: TenantID) { member(name) { $0.string(value.text) } }
    package mutating func member(_ name: StaticString, _ value: Int) { member(name) { $0.integer(Int64(value)) } }
    package mutating func member(_ name: StaticString, _ value: Int64) { member(name) { $0.integer(value) } }
    package mutating func member(_ name: StaticString, _ value: Bool) { member(name) { $0.bool(value) } }
    package mutating func member(_ name: StaticString, _ value: Timestamp) { member(name) { $0.string(value.iso8601) } }
    /// Rounded to three decimal places; `null` if not finite.
    package mutating func member(_ name: StaticString, _ value: Double) { member(name) { $0.number(value) } }
    /// `null` if `nil`.
    package mutating func member(_ name: StaticString, _ value: String?) {
        member(name) { json in if let value { json.string(value) } else { json.null() } }
    }
    /// `null` if `nil`.
    package mutating func member(_ name: StaticString, _ value: Timestamp?) { member(name, value?.iso8601) }

    // MARK: Values

    package mutating func integer(_ value: Int64) {
        separate()
        if value >= 0 && value < 10 {
            bytes.append(48 + UInt8(value))
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
        needsComma = true
    }

    package mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        let rounded = (value * 1000).rounded() / 1000
        if rounded == rounded.rounded(), abs(rounded) < 1e15 {
            bytes.append(contentsOf: String(Int64(rounded)).utf8)
        } else {
            bytes.append(contentsOf: String(rounded).utf8)
        }
        needsComma = true
    }

    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
    package mutating func null() { raw("null") }

    /// JSON text known to be valid.
    package mutating func raw(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    /// JSON bytes known to be valid.
    package mutating func raw(bytes json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// A string, escaped as RFC 8259 requires: quote, backslash and control characters.
    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string(utf8: $0) }
    }

    /// A string of these bytes, which must be UTF-8; escaped likewise.
    package mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        separate()
        bytes.append(0x22)
        var rest = utf8
        while true {
            let plain = JSONWriter.plainPrefix(rest)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: rest[..<plain]))
            guard plain < rest.count else { break }
            escape(rest[plain])
            rest = UnsafeBufferPointer(rebasing: rest[(plain + 1)...])
        }
        bytes.append(0x22)
        needsComma = true
    }

    /// How many bytes come before the first that is escaped; reads eight at a time.
    private static func plainPrefix(_ utf8: UnsafeBufferPointer<UInt8>) -> Int {
        let raw = UnsafeRawBufferPointer(utf8)
        var at = 0
        while at + 8 <= raw.count, !raw.loadUnaligned(fromByteOffset: at, as: UInt64.self).needsEscapes { at += 8 }
        while at < raw.count, raw[at] >= 0x20, raw[at] != 0x22, raw[at] != 0x5C { at += 1 }
        return at
    }

    private mutating func escape(_ c: UInt8) {
        bytes.append(0x5C)
        switch c {
        case 0x22, 0x5C: bytes.append(c)
        case 0x0A: bytes.append(0x6E)
        case 0x0D: bytes.append(0x72)
        case 0x09: bytes.append(0x74)
        default: bytes.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + c >> 4, c & 15 < 10 ? 0x30 + c & 15 : 0x57 + c & 15])
        }
    }

    // MARK: Punctuation

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }
}

extension UInt64 {
    /// Whether one of its bytes is a quote, a backslash or a control character.
    fileprivate var needsEscapes: Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = (self ^ (ones &* 0x22)) &- ones
        let backslash = (self ^ (ones &* 0x5C)) &- ones
        let control = self &- (ones &* 0x20)
        return (quote | backslash | control) & ~self & (ones &* 0x80) != 0
    }
}
