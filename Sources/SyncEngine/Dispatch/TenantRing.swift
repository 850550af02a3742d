import SyncModel

/// Whose turn it is: tenants with work, each once, in the order in which they asked.
///
/// A value without I/O; the dispatcher asks it and acts.
struct TenantRing {
    private var order: [TenantID] = []
    private var head = 0
    private var members: Set<TenantID> = []
    /// Tenants whose turn is being worked on; they wait outside the ring until they come back.
    private(set) var working: Set<TenantID> = []
    /// Tenants that asked again while their turn was being worked on.
    private var again: Set<TenantID> = []

    /// Tenants that wait for a turn.
    var waiting: Int { members.count }

    /// A tenant has work. No effect if it waits already.
    mutating func ask(_ tenant: TenantID) {
        if working.contains(tenant) {
            again.insert(tenant)
        } else if members.insert(tenant).inserted {
            order.append(tenant)
        }
    }

    /// Takes up to `count` tenants whose turn it is; they count as working until `done`.
    mutating func take(_ count: Int) -> [TenantID] {
        var taken: [TenantID] = []
        while taken.count < count, head < order.count {
            let tenant = order[head]
            head += 1
            members.remove(tenant)
            working.insert(tenant)
            taken.append(tenant)
        }
        if head > 1024, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
        return taken
    }

    /// A turn is over. `mayHaveMore`: the tenant goes to the end of the ring, as it does where it asked meanwhile.
    mutating func done(_ tenant: TenantID, mayHaveMore: Bool) {
        guard working.remove(tenant) != nil else { return }
        if again.remove(tenant) != nil || mayHaveMore { ask(tenant) }
    }
}
