/// What the answers of a destination say about it: how many attempts it may have at a time.
///
/// A value without a clock, so that a store could keep it for several processes. Today each process has its own, which begins anew
/// with it: the limits hold per process, and each learns for itself that a destination is in trouble.
struct DestinationHealth: Sendable, Hashable {
    /// Attempts at a time.
    private(set) var limit: Int
    /// The last answer was that of a destination in trouble, or there was none.
    private(set) var isTroubled = false

    /// Of a destination of which nothing is known.
    init(_ limits: CourierLimits) { limit = min(limits.perNewDestination, limits.perDestination) }

    /// It took a delivery: it may have one more attempt at a time.
    mutating func delivered(_ limits: CourierLimits) {
        isTroubled = false
        limit = min(limit + 1, limits.perDestination)
    }

    /// It refused a delivery, but works.
    mutating func refused() { isTroubled = false }

    /// It cannot take deliveries: it may have one attempt at a time, and earns more again with each delivery it takes.
    mutating func troubled() {
        isTroubled = true
        limit = 1
    }
}
