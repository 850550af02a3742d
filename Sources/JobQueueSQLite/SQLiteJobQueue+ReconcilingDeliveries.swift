import GRDB
import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// What the last check of pending deliveries found wrong, and where the next one continues.
struct DeliveryLooks: Sendable {
    /// `deliveries.seq` of those that had no due time.
    var undue: Set<Int64> = []
    /// The last one checked that had none.
    var lastUndue: Int64 = 0
    var destinations: Set<String> = []
    /// The last one checked, as the table has it.
    var lastDestination: [UInt8] = []
}

/// What leasing takes for granted: a pending delivery that waits for no other has a due time, and memory knows of each destination when
/// to look for what waits for it, or a time before.
extension SQLiteJobQueue {
    func reconcileDeliveries(limit: Int) async throws -> [QueueRepair] {
        guard areDeliveriesSettled.load(ordering: .acquiring) else { return [] }
        return try await compareDueTimes(limit) + compareDestinations(limit)
    }

    // MARK: Due times

    private func compareDueTimes(_ limit: Int) async throws -> [QueueRepair] {
        let looks = deliveryLooks.withLock { $0 }
        let keepsOrder = keepsOrder
        let (wrong, last) = try await read { db in
            let slice = try db.sql(Self.selectUndue).all(.int(looks.lastUndue), .int(limit)) { $0.int64(0) }
            let wrong = try looks.undue.union(slice).filter { seq in
                try db.sql(Self.selectLeftBehind).first(.int(seq), .flag(keepsOrder)) { _ in true } ?? false
            }
            return (wrong, slice.count < limit ? 0 : slice.last ?? 0)
        }
        var repairs: [QueueRepair] = []
        for seq in wrong.intersection(looks.undue).sorted() { if let repair = try await makeDue(seq) { repairs.append(repair) } }
        deliveryLooks.withLock { ($0.undue, $0.lastUndue) = (wrong.subtracting(looks.undue), last) }
        return repairs
    }

    /// `nil` if it is all right by now.
    private func makeDue(_ seq: Int64) async throws -> QueueRepair? {
        let now = clock.now()
        return try await writer.write { [self] context in
            let found = try context.sql(Self.selectLeftBehind).first(.int(seq), .flag(keepsOrder)) { row in
                (tenantID: row.optionalText(0).map { TenantID($0) }, destination: row.text(1))
            }
            guard let found else { return nil }
            try context.sql(Self.makeDue).run(.int(seq), .time(now))
            isDue(at: now, found.destination, in: context)
            return QueueRepair(kind: .undueDelivery, tenantID: found.tenantID, destination: found.destination)
        }
    }

    // MARK: Destinations

    /// On the writing connection, between two commits, and while nothing is leased: then table and memory must agree.
    private func compareDestinations(_ limit: Int) async throws -> [QueueRepair] {
        let repairs = try await writer.alone { [self] db in
            try deliveryLeasing.withLock { _ -> [QueueRepair] in
                guard deliveryLeases.withLock({ $0.destinations.areLoaded }) else { return [] }
                let looks = deliveryLooks.withLock { $0 }
                let (slice, last) = try Self.destinations(after: looks.lastDestination, limit, db)
                var (repairs, wrong): ([QueueRepair], Set<String>) = ([], [])
                for name in looks.destinations.union(slice).sorted() {
                    guard let due = try missed(name, db) else { continue }
                    guard looks.destinations.contains(name) else {
                        wrong.insert(name)
                        continue
                    }
                    deliveryLeases.withLock { $0.destinations.lower(name, to: due) }
                    repairs.append(QueueRepair(kind: .forgottenDestination, tenantID: nil, destination: name))
                }
                deliveryLooks.withLock { [wrong] in ($0.destinations, $0.lastDestination) = (wrong, last) }
                return repairs
            }
        }
        if !repairs.isEmpty { notify { $0.deliveryDue() } }
        return repairs
    }

    /// When the first delivery to a destination is due that nobody holds, if memory does not know of it.
    private func missed(_ destination: String, _ db: Database) throws -> Timestamp? {
        let count = deliveryLeases.withLock { $0.count(of: destination) }
        let rows = try db.sql(DeliveryRow.due).all(
            .text(destination), .time(Timestamp(microseconds: .max)), .int(count.saturatingAdd(1))
        ) { (dueAt: $0.time(0), seq: $0.int64(1)) }
        return deliveryLeases.withLock { leases in
            rows.first { !leases.isHeld(seq: $0.seq) }
                .flatMap { leases.destinations.isKnown(destination, by: $0.dueAt) ? nil : $0.dueAt }
        }
    }

    /// The next destinations of pending deliveries; after the last one, the first again. Those that are no UTF-8 are found by nobody.
    private static func destinations(
        after last: [UInt8], _ limit: Int, _ db: Database
    ) throws -> (names: [String], last: [UInt8]) {
        var (names, last) = ([String](), last)
        for _ in 0..<limit {
            let next = try db.sql(DeliveryRow.nextDestination).first(.bytes(last), map: { $0.isNull(0) ? nil : $0.bytes(0) })
            guard let bytes = next ?? nil else { return (names, []) }
            if let name = String(validating: bytes, as: UTF8.self) { names.append(name) }
            last = bytes
        }
        return (names, last)
    }

    static let selectUndue = """
        SELECT seq FROM deliveries INDEXED BY deliveries_due_time WHERE state = 0 AND due_at IS NULL AND seq > ?1
        ORDER BY seq LIMIT ?2
        """
    /// A pending delivery without a due time, unless there is an order (?2) and it waits for an earlier one.
    static let selectLeftBehind = """
        SELECT tenant_id, destination FROM deliveries d WHERE seq = ?1 AND state = 0 AND due_at IS NULL AND (?2 = 0 OR NOT EXISTS (
            SELECT 1 FROM deliveries e INDEXED BY deliveries_tenant
            WHERE e.tenant_id = d.tenant_id AND e.state = 0 AND e.seq < d.seq))
        """
}
