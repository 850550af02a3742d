import SyncModel

/// Tenants that wait for a worker, the longest waiting first. Each stands in it at most once.
///
/// Leaving it from the middle is a mark: the entry whose ticket is no longer the tenant's is passed over and dropped later.
struct ReadyLine {
    private var entries: [(tenantID: TenantID, ticket: Int64)] = []
    private var head = 0
    private var lastTicket: Int64 = 0

    /// Puts the tenant at the end; the ticket names its place.
    mutating func append(_ tenantID: TenantID) -> Int64 {
        lastTicket += 1
        entries.append((tenantID, lastTicket))
        return lastTicket
    }

    /// The first `limit` tenants whose ticket `isValid` says is still theirs.
    mutating func first(_ limit: Int, isValid: (TenantID, Int64) -> Bool) -> [TenantID] {
        var found: [TenantID] = []
        var stale = 0
        var at = head
        while at < entries.count, found.count < limit {
            let entry = entries[at]
            if isValid(entry.tenantID, entry.ticket) {
                found.append(entry.tenantID)
            } else if at == head {
                head += 1
            } else {
                stale += 1
            }
            at += 1
        }
        if stale > 64 || head > entries.count / 2 { compact(isValid) }
        return found
    }

    /// Whether the tenant's place is among those not yet passed. Places are in the order of their tickets.
    func holds(_ tenantID: TenantID, _ ticket: Int64) -> Bool {
        var (low, high) = (head, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].ticket < ticket { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].ticket == ticket && entries[low].tenantID == tenantID
    }

    private mutating func compact(_ isValid: (TenantID, Int64) -> Bool) {
        entries = entries[head...].filter { isValid($0.tenantID, $0.ticket) }
        head = 0
    }
}
