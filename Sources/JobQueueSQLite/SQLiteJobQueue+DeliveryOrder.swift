import GRDB
import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// `WEBHOOK_ORDER=tenant`: of a tenant's pending deliveries only the earliest has a due time, so that leasing needs no rule and costs
/// the same however many wait. Each transaction that adds, ends or redelivers one keeps it so. The order is that of `deliveries.seq`,
/// in which the tenant's jobs ended. Deliveries without a tenant wait for none.
extension SQLiteJobQueue {
    var keepsOrder: Bool { limits.webhookOrder == .tenant }

    /// The tenant's earliest pending delivery, by `seq`; `nil` if there is none, or order does not matter.
    func firstInOrder(of tenantID: TenantID, in context: WriteContext) throws -> Int64? {
        guard keepsOrder else { return nil }
        return try context.sql(Self.selectFirst).first(.tenant(tenantID)) { $0.int64(0) }
    }

    /// The tenant among whose deliveries this one has its place; `nil` if it waits for none.
    func tenantInOrder(of seq: Int64, in context: WriteContext) throws -> TenantID? {
        guard keepsOrder else { return nil }
        return try (context.sql(Self.selectTenant).first(.int(seq)) { $0.optionalText(0) } ?? nil).map { TenantID($0) }
    }

    /// Whether a pending delivery is its tenant's earliest.
    func mayBeDue(_ seq: Int64, of tenantID: TenantID, in context: WriteContext) throws -> Bool {
        try firstInOrder(of: tenantID, in: context).map { $0 == seq } ?? true
    }

    /// Makes the tenant's earliest pending delivery due, if it is not: the one before it has ended.
    func dueIsNext(of tenantID: TenantID, at now: Timestamp, in context: WriteContext) throws {
        guard let seq = try firstInOrder(of: tenantID, in: context) else { return }
        let destination = try context.sql(Self.makeDue).first(.int(seq), .time(now)) { $0.text(0) }
        if let destination { isDue(at: now, destination, in: context) }
    }

    /// Whether a delivery that becomes pending again is its tenant's earliest; then what was the earliest waits for it. (If that is
    /// leased it may be sent first: whether its attempt has begun is not known here, and one that has counts.)
    func goesFirst(_ seq: Int64, in context: WriteContext) throws -> Bool {
        guard let tenantID = try tenantInOrder(of: seq, in: context), let first = try firstInOrder(of: tenantID, in: context)
        else { return true }
        if first > seq { try context.sql(Self.makeWaiting).run(.int(first)) }
        return first >= seq
    }

    /// A pending delivery is about to become one of another tenant: the earlier one of it and of those is the only one that may be due.
    func standInLine(_ seq: Int64, of tenantID: TenantID, in context: WriteContext) throws {
        guard let first = try firstInOrder(of: tenantID, in: context) else { return }
        try context.sql(Self.makeWaiting).run(.int(max(first, seq)))
    }

    /// A delivery to a destination is due with the commit.
    func isDue(at time: Timestamp, _ destination: String, in context: WriteContext) {
        context.afterCommit { [self] in
            deliveryLeases.withLock { $0.destinations.lower(destination, to: time) }
            notify { $0.deliveryDue() }
        }
    }

    // MARK: Another setting than before

    /// Puts the pending deliveries in order, or frees them, if the file was last used with another setting. In slices; one that is
    /// interrupted is done again from the start.
    /// - Returns: whether there was anything to do.
    func settleDeliveryOrder() async throws -> Bool {
        let wanted = keepsOrder ? 1 : 0
        let found = try await read { db in try db.sql(Self.selectOrder).first { $0.int(0) } }
        guard found != wanted else { return false }
        try await writer.write { context in try context.sql(Self.setOrder).run(.int(Self.unsettled)) }
        var last: Int64? = 0
        while let seq = last {
            last = try await writer.write { [self] context in
                keepsOrder ? try Self.putInOrder(after: seq, in: context) : try Self.freeSome(in: context)
            }
        }
        try await writer.write { context in try context.sql(Self.setOrder).run(.int(wanted)) }
        return true
    }

    /// - Returns: the last `seq` it looked at; `nil` if there are no more.
    private static func putInOrder(after seq: Int64, in context: WriteContext) throws -> Int64? {
        let slice = try context.sql(selectPending).all(.int(seq), .int(orderStep)) { row in
            (seq: row.int64(0), tenantID: row.optionalText(1).map { TenantID($0) })
        }
        for row in slice {
            let first = try row.tenantID.flatMap { try context.sql(selectFirst).first(.tenant($0)) { $0.int64(0) } }
            try context.sql(first ?? row.seq < row.seq ? makeWaiting : free).run(.int(row.seq))
        }
        return slice.count < orderStep ? nil : slice.last?.seq
    }

    private static func freeSome(in context: WriteContext) throws -> Int64? {
        let slice = try context.sql(selectWaiting).all(.int(orderStep)) { $0.int64(0) }
        for seq in slice { try context.sql(free).run(.int(seq)) }
        return slice.count < orderStep ? nil : 0
    }

    private static let orderStep = 500
    /// `counters.webhook_order` while deliveries are being put in order or freed; else 0 for `any`, 1 for `tenant`.
    static let unsettled = 2

    static let selectFirst = """
        SELECT seq FROM deliveries INDEXED BY deliveries_tenant WHERE tenant_id = ?1 AND state = 0 ORDER BY seq LIMIT 1
        """
    private static let selectTenant = "SELECT tenant_id FROM deliveries WHERE seq = ?1"
    static let makeDue = "UPDATE deliveries SET due_at = ?2 WHERE seq = ?1 AND due_at IS NULL RETURNING destination"
    private static let makeWaiting = "UPDATE deliveries SET due_at = NULL WHERE seq = ?1 AND state = 0"
    private static let free = "UPDATE deliveries SET due_at = created_at WHERE seq = ?1 AND state = 0 AND due_at IS NULL"
    static let selectPending = """
        SELECT seq, tenant_id FROM deliveries INDEXED BY deliveries_state WHERE state = 0 AND seq > ?1 ORDER BY seq LIMIT ?2
        """
    static let selectWaiting = """
        SELECT seq FROM deliveries INDEXED BY deliveries_due_time WHERE state = 0 AND due_at IS NULL LIMIT ?1
        """
    private static let selectOrder = "SELECT webhook_order FROM counters WHERE id = 1"
    static let setOrder = "UPDATE counters SET webhook_order = ?1 WHERE id = 1"
}
