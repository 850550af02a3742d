/// A tenant as its platform names it: the bytes of its UTF-8, compared one by one, as databases and HTTP compare them.
///
/// Swift's `String` treats canonically equivalent spellings as equal (`é` composed and decomposed), SQLite and HTTP do not: keyed
/// by `String`, two tenants would share one entry in memory and have two on disk.
package struct TenantID: Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }
}

extension TenantID: Hashable {
    package static func == (one: TenantID, other: TenantID) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }
}

extension TenantID: Comparable {
    package static func < (one: TenantID, other: TenantID) -> Bool { one.text.utf8.lexicographicallyPrecedes(other.text.utf8) }
}

extension TenantID: ExpressibleByStringInterpolation {
    package init(stringLiteral text: String) { self.init(text) }
}

extension TenantID: CustomStringConvertible {
    package var description: String { text }
}
