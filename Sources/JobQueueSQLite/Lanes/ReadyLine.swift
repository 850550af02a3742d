import DequeModule
import SyncModel

/// Tenants that wait for a worker, the longest waiting first. Each is in it at most once.
///
/// Leaving it from the middle is a mark: an entry whose ticket is no longer the tenant's is passed over and dropped later.
struct ReadyLine {
    private var entries: Deque<(tenantID: TenantID, ticket: Int64)> = []
    private var lastTicket: Int64 = 0

    /// Puts the tenant at the end; the ticket names its place.
    mutating func append(_ tenantID: TenantID) -> Int64 {
        lastTicket += 1
        entries.append((tenantID, lastTicket))
        return lastTicket
    }

    /// The first `limit` tenants whose ticket `isValid` says is still theirs.
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

    /// Whether the tenant's place is among those not yet passed. Places are in the order of their tickets.
    func holds(_ tenantID: TenantID, _ ticket: Int64) -> Bool {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].ticket < ticket { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].ticket == ticket && entries[low].tenantID == tenantID
    }
}
