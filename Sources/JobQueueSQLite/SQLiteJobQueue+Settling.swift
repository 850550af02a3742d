import GRDB
import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// What a start changes in pending deliveries, in slices: their order, if the file was last used with another setting, and times that
/// a clock that was ahead has given them.
extension SQLiteJobQueue {
    /// Does it, once in a process. What cannot be written is left to maintenance; the queue works meanwhile. Deliveries that were
    /// there before may then overtake each other or wait too long; those that are added keep the order.
    /// - Returns: why it could not be done.
    func settleDeliveries() async -> (any Error)? {
        guard !areDeliveriesSettled.load(ordering: .acquiring) else { return nil }
        do {
            let isOrderNew = try await settleDeliveryOrder()
            if try await makeDueWhatWaitsTooLong() || isOrderNew {
                deliveryLeases.withLock { $0.destinations.reload() }
                notify { $0.deliveryDue() }
            }
            areDeliveriesSettled.store(true, ordering: .releasing)
            return nil
        } catch {
            return error
        }
    }

    /// Makes those due now that are put off for longer than the schedule has it: the clock was ahead when they were. Their tenants may wait
    /// for them. If it is the clock of now that is wrong they are only sent early. (Their ends stay as they are: with a clock of now that
    /// is behind, all that waits would soon be over.)
    /// - Returns: whether there were any.
    private func makeDueWhatWaitsTooLong() async throws -> Bool {
        let now = clock.now()
        let latest = now.advanced(bySeconds: Self.longestDelay)
        guard try await nextDelivery(after: latest) != nil else { return false }
        while try await writer.write({ context in
            try context.sql(Self.makeDueNow).run(.time(latest), .time(now), .int(Self.settlingStep))
            return context.db.changesCount
        }) == Self.settlingStep {}
        return true
    }

    /// Seconds: the schedule's longest, and an hour for a clock that is a little off.
    private static let longestDelay =
        (DeliverySchedule.delay(afterAttempt: DeliverySchedule.delays.count, random: 1) ?? 0) + 3_600
    private static let settlingStep = 500
    static let makeDueNow = """
        UPDATE deliveries SET due_at = ?2 WHERE seq IN (
            SELECT seq FROM deliveries INDEXED BY deliveries_due_time WHERE state = 0 AND due_at > ?1 LIMIT ?3)
        """

    /// Notes in the file that a delivery gets its due time by another setting than the others, so that the next start puts them in
    /// order, whatever its setting. For a process that could not do so itself yet.
    func noteOrder(in context: WriteContext) throws {
        guard !areDeliveriesSettled.load(ordering: .acquiring) else { return }
        try context.sql(Self.setOrder).run(.int(Self.unsettled))
    }
}
