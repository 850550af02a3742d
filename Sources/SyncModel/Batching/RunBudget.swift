import Synchronization

/// Memory that all uploads together may use for sorting, in blocks. An upload that gets none cuts what it has.
package final class RunBudget: Sendable {
    /// The size of a block in bytes.
    package static let blockBytes = 1 << 20
    private let free: Atomic<Int>

    /// - Parameter blocks: the number of blocks of `blockBytes`.
    package init(blocks: Int) { free = Atomic(blocks) }

    /// Takes a block; false if none is free.
    package func take() -> Bool {
        if free.subtract(1, ordering: .relaxed).newValue >= 0 { return true }
        free.add(1, ordering: .relaxed)
        return false
    }

    package func give(_ blocks: Int) { free.add(blocks, ordering: .relaxed) }
}
