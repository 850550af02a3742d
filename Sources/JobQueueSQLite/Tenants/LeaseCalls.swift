import JobQueue

/// Names a call of `JobQueue.lease`.
struct LeaseCall: Sendable, Hashable {
    let number: Int64
}

/// The calls of `JobQueue.lease` that have not returned, and the leases that each has taken so far.
struct LeaseCalls {
    private var open: [LeaseCall: [LeaseID]] = [:]
    private var last: Int64 = 0

    mutating func begin() -> LeaseCall {
        last += 1
        let call = LeaseCall(number: last)
        open[call] = []
        return call
    }

    func isOpen(_ call: LeaseCall) -> Bool { open[call] != nil }

    mutating func note(_ leases: [LeaseID], takenBy call: LeaseCall) { open[call]?.append(contentsOf: leases) }

    /// - Returns: the leases that the call has taken.
    mutating func end(_ call: LeaseCall) -> [LeaseID] { open.removeValue(forKey: call) ?? [] }
}
