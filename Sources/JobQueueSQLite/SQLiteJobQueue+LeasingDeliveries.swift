import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    package func leaseDeliveries(_ query: DeliveryQuery, now: Timestamp, for duration: Duration) async throws -> [LeasedDelivery]
    {
        // One call at a time: what is held is known before the table is read.
        try deliveryLeasing.withLock { _ in
            try loadDestinations()
            let leases = deliveryLeases.withLock { leases in
                leases.startReading()
                return leases
            }
            defer { deliveryLeases.withLock { $0.stopReading() } }
            let (due, rows) = try due(query, at: now, beside: leases)
            return deliveryLeases.withLock { $0.take(rows, of: due) }
        }
    }

    package func leaseDelivery(_ id: String, now: Timestamp, for duration: Duration) async throws -> LeasedDelivery? {
        try deliveryLeasing.withLock { _ in
            deliveryLeases.withLock { $0.startReading() }
            defer { deliveryLeases.withLock { $0.stopReading() } }
            let found = try readNow { db -> (DueDeliveries.Key, DeliveryRow)? in
                let key = try db.sql(DeliveryRow.dueByID).first(.text(id), .time(now)) { row in
                    DueDeliveries.Key(dueAt: row.time(0), seq: row.int64(1), destination: row.text(2))
                }
                guard let key, let row = try DeliveryRow.find(seq: key.seq, db) else { return nil }
                return (key, row)
            }
            guard let (key, row) = found else { return nil }
            return deliveryLeases.withLock { $0.take([row], of: DueDeliveries(only: key)).first }
        }
    }

    private func loadDestinations() throws {
        guard !deliveryLeases.withLock({ $0.destinations.areLoaded }) else { return }
        let found = try readNow { db in try Self.destinations(db) }
        deliveryLeases.withLock { $0.destinations.load(found) }
    }

    /// Deliveries that are due and not held. They are found in an index alone; then the rows of those are read that were asked for.
    func due(
        _ query: DeliveryQuery, at now: Timestamp, beside leases: DeliveryLeases
    ) throws -> (DueDeliveries, [DeliveryRow]) {
        let destinations = leases.destinations.due(at: now, for: query)
        return try readNow { db in
            var due = DueDeliveries(limit: query.limit)
            for (name, since) in destinations where due.mayTake(dueSince: since) {
                try Self.read(name, query, at: now, beside: leases, into: &due, db)
            }
            return (due, try due.keys.compactMap { key in try DeliveryRow.find(seq: key.seq, db) })
        }
    }

    private static func read(
        _ destination: String, _ query: DeliveryQuery, at now: Timestamp, beside leases: DeliveryLeases,
        into due: inout DueDeliveries, _ db: Database
    ) throws {
        let wanted = min(query.perDestination, query.limit)
        let count = wanted.saturatingAdd(leases.count(of: destination))
        let found = try db.sql(DeliveryRow.due).all(.text(destination), .time(now), .int(count)) { row in
            DueDeliveries.Key(dueAt: row.time(0), seq: row.int64(1), destination: destination)
        }
        let free = found.filter { !leases.isHeld(seq: $0.seq) }
        // More than are wanted if some that were held at first are not among the pending ones any more.
        let rest: Timestamp? =
            if free.count > wanted {
                free[wanted].dueAt
            } else if found.count >= count {
                found.last?.dueAt
            } else {
                try db.sql(DeliveryRow.nextDueOf).first(.text(destination), .time(now)) { $0.optionalTime(0) } ?? nil
            }
        due.add(Array(free.prefix(wanted)), of: destination, rest: rest)
    }

    /// The destinations of pending deliveries, found by skipping from one to the next. By their bytes: one that is no UTF-8 reads as
    /// another, and would be found for ever.
    private static func destinations(_ db: Database) throws -> [String] {
        var found: [String] = []
        var last: [UInt8] = []
        while let next = try db.sql(DeliveryRow.nextDestination).first(.bytes(last), map: { $0.isNull(0) ? nil : $0.bytes(0) })
            ?? nil
        {
            found.append(String(decoding: next, as: UTF8.self))
            last = next
        }
        return found
    }

    package func body(of id: String) async throws -> [UInt8]? {
        try readNow { db in
            do {
                return try db.sql(DeliveryRow.bodyByID).first(.text(id)) { $0.bytes(0) }
            } catch let error {
                // Its row was read to lease it, so it is not the whole file.
                guard let failure = SQLiteFailure(error), failure.isOfDamage else { throw error }
                throw QueueError.damaged("The body is damaged: \(failure.message)")
            }
        }
    }

    package func release(_ deliveries: [LeasedDelivery]) async {
        deliveryLeases.withLock { leases in for leased in deliveries { leases.release(leased.delivery.what.id, leased.lease) } }
    }

    package func nextDelivery(after now: Timestamp) async throws -> Timestamp? {
        try readNow { db in try db.sql(DeliveryRow.nextDue).first(.time(now)) { $0.optionalTime(0) } ?? nil }
    }
}
