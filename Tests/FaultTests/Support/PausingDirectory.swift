import ServerTestSupport
import SyncModel
import Synchronization
import UserDirectory
import UserDirectorySQLite

/// A directory that can be held at a call, before it or when its commit stands and nobody knows yet.
final class PausingDirectory: DirectoryInFront {
    enum Moment: Sendable {
        case before, after
    }

    let base: SQLiteUserDirectory
    private let moment: Moment
    private let isHeld: @Sendable ([BatchWork], [BatchApplied]) -> Bool
    private let hasHeld = Atomic(false)
    private let reached = AsyncStream<Void>.makeStream()
    private let released = AsyncStream<Void>.makeStream()

    /// - Parameter isHeld: asked of each call until it says so once; after the call with what became of the batches.
    init(_ base: SQLiteUserDirectory, _ moment: Moment, isHeld: @escaping @Sendable ([BatchWork], [BatchApplied]) -> Bool) {
        (self.base, self.moment, self.isHeld) = (base, moment, isHeld)
    }

    /// Returns once a call is held.
    func untilHeld() async { for await _ in reached.stream { return } }
    func release() { released.continuation.finish() }

    private func hold() async {
        guard hasHeld.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        reached.continuation.yield()
        for await _ in released.stream {}
    }

    func apply(
        _ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool
    ) async throws(DirectoryError) -> [BatchApplied] {
        if moment == .before, isHeld(batches, []) { await hold() }
        let applied = try await base.apply(batches, closeEarly: closeEarly)
        if moment == .after, isHeld(batches, applied) { await hold() }
        return applied
    }
}
