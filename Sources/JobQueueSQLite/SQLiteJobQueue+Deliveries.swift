import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    /// Ends a lease with the commit of the operation. False if it is not held.
    /// - Parameter due: when the delivery is due from then on.
    private func end(_ lease: DeliveryLease, of id: String, due: Timestamp?, in context: WriteContext) -> Bool {
        guard deliveryLeases.withLock({ $0.startEnding(id, lease) }) else { return false }
        context.onRollback { [self] in deliveryLeases.withLock { $0.rolledBack(id, keeping: lease) } }
        context.afterCommit { [self] in deliveryLeases.withLock { $0.committed(id, due: due) } }
        return true
    }

    /// Adds a delivery, due with the commit of the operation.
    func post(_ delivery: NewDelivery, now: Timestamp, in context: WriteContext) throws {
        try noteOrder(in: context)
        let isWaiting = try delivery.head.tenantID.map { try firstInOrder(of: $0, in: context) != nil } ?? false
        try DeliveryRow.insert(delivery, now: now, due: isWaiting ? nil : now, in: context)
        if isWaiting { return }
        isDue(at: now, delivery.destination, in: context)
    }

    package func record(_ attempt: DeliveryAttempt) async throws {
        let error = attempt.error.map { String($0.prefix(Self.errorLimit)) }
        let (state, next): (DeliveryState, Timestamp?) =
            switch attempt.next {
            case .delivered: (.delivered, nil)
            case .retry(let at): (.pending, at)
            case .putOff: (.pending, attempt.at)
            case .dead: (.dead, nil)
            }
        let isHeld = try await writer.write(isShort: true) { [self] context in
            // By `seq`: a damaged id is not found by what it reads as.
            let held = deliveryLeases.withLock { $0.seq(of: attempt.deliveryID, under: attempt.lease) }
            guard let seq = held else { return false }
            let tenantID = try tenantInOrder(of: seq, in: context)
            // An older one may have been redelivered meanwhile.
            let due = try tenantID.map { try mayBeDue(seq, of: $0, in: context) } ?? true ? next : nil
            guard end(attempt.lease, of: attempt.deliveryID, due: due, in: context) else { return false }
            try context.sql(Self.recordAttempt).run(
                .int(seq), .int(state.code), .time(due), .time(attempt.at), .int(attempt.status), .text(error),
                state == .delivered ? .time(attempt.at) : .null, .flag(attempt.next != .putOff))
            guard context.db.changesCount == 1 else {
                // A leased delivery is pending, and is never deleted.
                let found = try context.sql(Self.selectState).first(.int(seq)) { DeliveryState(code: $0.int(0)) }
                let state = found?.rawValue ?? "unknown"
                report(ImpossibleTransition(.delivery, attempt.deliveryID, in: state, met: "record"))
                return false
            }
            guard state != .pending else { return true }
            if let tenantID { try dueIsNext(of: tenantID, at: attempt.at, in: context) }
            context.count {
                $0[.pending] -= 1; $0[state] += 1
            }
            return true
        }
        guard isHeld else { throw QueueError.leaseLost }
    }

    package func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery> {
        let before = try cursor.map { try PageCursor.numbers($0, .deliveries, count: 1)[0] } ?? .max
        let rows = try await read { [self] db in
            let tenants = try filter.tenantID.map { try self.tenants(listedAs: $0, db) }
            if let jobID = filter.jobID {
                // A job has at most a handful.
                return try db.sql(DeliveryRow.ofJob).all(.text(jobID.text)) { DeliveryRow($0) }.filter { row in
                    row.seq < before && filter.state ?? row.delivery.state == row.delivery.state
                        && tenants?.contains { $0 == row.delivery.what.tenantID } ?? true
                }
            }
            return try (filter.state.map { [$0] } ?? DeliveryState.allCases).flatMap { state in
                let bounds: [SQLValue] = [.int(state.code), .int(before), .int(limit + 1)]
                guard let tenants else { return try db.sql(DeliveryRow.byState).all(bounds) { DeliveryRow($0) } }
                return try tenants.flatMap { tenantID in
                    try db.sql(DeliveryRow.byTenant).all(bounds + [.tenant(tenantID)]) { DeliveryRow($0) }
                }
            }
        }
        let sorted = rows.sorted { $0.seq > $1.seq }
        let page = sorted.prefix(limit)
        let next = sorted.count > limit ? page.last.map { PageCursor.text(.deliveries, $0.seq) } : nil
        return Page(items: page.map(\.delivery), nextCursor: next)
    }

    package func delivery(_ id: String) async throws -> Delivery? {
        try await read { db in try db.sql(DeliveryRow.byID).first(.text(id)) { DeliveryRow($0).delivery } }
    }

    package func deliveries(of job: JobID) async throws -> [Delivery] {
        try await read { db in try db.sql(DeliveryRow.ofJob).all(.text(job.text)) { DeliveryRow($0).delivery } }
    }

    package func add(_ delivery: NewDelivery, now: Timestamp) async throws {
        try await writer.write { [self] context in
            try post(delivery, now: now, in: context)
            context.afterCommit { [self] in notify { $0.deliveryWanted(delivery.id, delivery.destination) } }
        }
    }

    private static let recordAttempt = """
        UPDATE deliveries SET state = ?2, due_at = ?3, attempts = \(Figure.plausible("attempts")) + ?8,
            last_attempt_at = ?4, last_status = ?5, last_error = ?6, delivered_at = ?7
        WHERE seq = ?1 AND state = 0
        """
    private static let selectState = "SELECT state FROM deliveries WHERE seq = ?1"
}
