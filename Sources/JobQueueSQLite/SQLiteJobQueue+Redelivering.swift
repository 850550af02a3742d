import GRDB
import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    package func redeliver(_ id: String, now: Timestamp) async throws -> Bool {
        try await writer.write { [self] context in
            let found = try context.sql(Self.selectOne).first(.text(id)) { (DeliveryState(code: $0.int(0)), $0.text(1)) }
            guard let (state, destination) = found else { return false }
            try startAnew(id, of: destination, from: state, now: now, in: context)
            context.afterCommit { [self] in notify { $0.deliveryDue() } }
            return true
        }
    }

    /// Makes a delivery due as a new one, held until the commit. `QueueObserver.deliveryDue` is left to the caller.
    private func startAnew(
        _ id: String, of destination: String, from state: DeliveryState, now: Timestamp, in context: WriteContext
    ) throws {
        try context.sql(Self.startAnew).run(.text(id), .time(now))
        context.count {
            $0[state] -= 1; $0[.pending] += 1
        }
        let lease = deliveryLeases.withLock { $0.startRedelivery(id, of: destination) }
        context.onRollback { [self] in
            deliveryLeases.withLock { $0.rolledBack(id, keeping: lease) }
            // Whoever asked for leases meanwhile did not get this one.
            notify { $0.deliveryDue() }
        }
        context.afterCommit { [self] in
            deliveryLeases.withLock { $0.committed(id) }
            if let lease { notify { $0.deliveryLeaseEnded(id, lease) } }
        }
    }

    private static let selectOne = "SELECT state, destination FROM deliveries WHERE id = ?1"
    private static let startAnew = """
        UPDATE deliveries SET state = 0, due_at = ?2, attempts = 0, delivered_at = NULL WHERE id = ?1
        """
}
