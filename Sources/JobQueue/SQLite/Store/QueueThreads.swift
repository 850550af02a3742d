import Foundation
import GRDB

/// On whose threads the queue's work is done. A simulation has one alone, on which everything happens in an order of its own.
struct QueueThreads: Sendable {
    /// Has the writer's line served, soon and by somebody else than the caller, on the connection that writes.
    var serve: @Sendable (_ pool: DatabasePool, _ body: @escaping @Sendable (Database) -> Void) -> Void
    /// Whether who hands in a short operation may carry it out: another thread of Swift's pool goes on while one waits for the disk.
    var callerMayServe: Bool
    /// Whether reads are made where they are called.
    var readsWhereCalled: Bool

    static let system = QueueThreads(
        serve: { pool, body in pool.asyncWriteWithoutTransaction { db in body(db) } },
        callerMayServe: ProcessInfo.processInfo.activeProcessorCount > 1, readsWhereCalled: false)
}
