import GRDB
import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// What a start changes in pending deliveries, in slices: their order, if the file was last used with another setting.
extension SQLiteJobQueue {
    /// Does it, once in a process. What cannot be written is left to maintenance; the queue works meanwhile. Deliveries that were
    /// there before may then overtake each other or wait too long; those that are added keep the order.
    /// - Returns: why it could not be done.
    func settleDeliveries() async -> (any Error)? {
        guard !areDeliveriesSettled.load(ordering: .acquiring) else { return nil }
        do {
            if try await settleDeliveryOrder() {
                deliveryLeases.withLock { $0.destinations.reload() }
                notify { $0.deliveryDue() }
            }
            areDeliveriesSettled.store(true, ordering: .releasing)
            return nil
        } catch {
            return error
        }
    }

    /// Notes in the file that a delivery gets its due time by another setting than the others, so that the next start puts them in
    /// order, whatever its setting. For a process that could not do so itself yet.
    func noteOrder(in context: WriteContext) throws {
        guard !areDeliveriesSettled.load(ordering: .acquiring) else { return }
        try context.sql(Self.setOrder).run(.int(Self.unsettled))
    }
}
