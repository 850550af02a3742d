import Foundation
import GRDB

/// The threads on which the queue works. A simulation has only one, on which everything happens in an order it controls.
struct QueueThreads: Sendable {
    /// Has waiting operations served soon, by another thread than the caller's, on the writing connection.
    var serve: @Sendable (_ pool: DatabasePool, _ body: @escaping @Sendable (Database) -> Void) -> Void
    /// Whether the caller of a short operation may carry it out: while it waits for the disk, another thread of Swift's pool
    /// keeps working.
    var callerMayServe: Bool
    /// Whether reads run on the calling thread.
    var readsWhereCalled: Bool

    static let system = QueueThreads(
        serve: { pool, body in pool.asyncWriteWithoutTransaction { db in body(db) } },
        callerMayServe: ProcessInfo.processInfo.activeProcessorCount > 1, readsWhereCalled: false)
}
