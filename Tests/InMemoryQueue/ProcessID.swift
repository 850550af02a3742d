/// One life of a process, among all that share a store: drawn at its start, and not used again by the next.
package struct ProcessID: Sendable, Hashable {
    package let value: UInt64

    package init(value: UInt64) { self.value = value }

    /// A new one.
    package init() { value = .random(in: 1...(.max)) }
}
