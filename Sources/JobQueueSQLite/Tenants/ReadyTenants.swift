import DequeModule
import SyncModel

/// Tenants that wait for a worker, the longest waiting first, each at most once.
///
/// Removal is lazy: an entry with a stale ticket is skipped, and dropped later.
struct ReadyTenants {
    private var entries: Deque<(tenantID: TenantID, ticket: Int64)> = []
    private var lastTicket: Int64 = 0

    /// Appends the tenant; the ticket identifies its place.
    mutating func append(_ tenantID: TenantID) -> Int64 {
        lastTicket += 1
        entries.append((tenantID, lastTicket))
        return lastTicket
    }

    /// The first `limit` tenants whose ticket is still valid according to `isValid`.
    mutating func first(_ limit: Int, isValid: (TenantID, Int64) -> Bool) -> [TenantID] {
        while let first = entries.first, !isValid(first.tenantID, first.ticket) { entries.removeFirst() }
        var found: [TenantID] = []
        var stale = 0
        for entry in entries {
            guard found.count < limit else { break }
            if isValid(entry.tenantID, entry.ticket) { found.append(entry.tenantID) } else { stale += 1 }
        }
        if stale > 64 { entries.removeAll { !isValid($0.tenantID, $0.ticket) } }
        return found
    }

    /// Whether the tenant's place is still ahead. Places are ordered by their tickets.
    func holds(_ tenantID: TenantID, _ ticket: Int64) -> Bool {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].ticket < ticket { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].ticket == ticket && entries[low].tenantID == tenantID
    }
}
