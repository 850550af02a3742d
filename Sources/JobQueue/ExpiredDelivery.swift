package import SyncModel

/// A delivery that is dead because it was not taken within its lifetime.
package struct ExpiredDelivery: Sendable, Hashable {
    package var id: String
    package var jobID: JobID?
    /// As the store has it.
    package var destination: String
    package var attempts: Int
    /// What its `lastError` says from then on.
    package var error: String

    package init(id: String, jobID: JobID?, destination: String, attempts: Int, lastError: String?) {
        self.id = id
        self.jobID = jobID
        self.destination = destination
        self.attempts = attempts
        error = Self.error(after: lastError)
    }

    /// Why it is dead, with the error of its last attempt.
    package static func error(after last: String?) -> String {
        guard let last, !last.hasPrefix(reason) else { return last ?? reason }
        return "\(reason) (\(last))"
    }

    private static let reason = "not taken within 3 days"
}

/// What one call of `DeliveryOutbox.expireDeliveries` did.
package struct ExpiredDeliveries: Sendable, Hashable {
    package var deliveries: [ExpiredDelivery] = []
    /// The earliest end of a pending delivery after the call's `now`; `nil` if there is none.
    package var nextAt: Timestamp?

    package init() {}
}
