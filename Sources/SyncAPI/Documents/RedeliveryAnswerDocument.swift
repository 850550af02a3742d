package import SyncModel

/// The answer to sending all dead webhooks again.
package struct RedeliveryAnswerDocument: JSONDocument {
    package var success = true
    package var message = ""
    /// How many are sent again.
    package var redelivered = 0
    /// How many of them are not due now: they wait for an earlier one of their tenant, or for a destination that asked to wait for more
    /// than a minute, which is not over.
    package var waiting = 0
    /// How many of these wait for an earlier one of their tenant.
    package var behind = 0
    /// When the longest of the destinations' waits is over; `nil` if there is none.
    package var waitsUntil: Timestamp?

    package init() {}

    package init(redelivered: Int, waiting: Int = 0, behind: Int = 0, waitsUntil: Timestamp? = nil) {
        self.redelivered = redelivered
        self.waiting = waiting
        self.behind = behind
        self.waitsUntil = waitsUntil
        let (count, now) = (
            redelivered == 1 ? "1 webhook is" : "\(redelivered) webhooks are", waiting == 0 ? "due now" : "sent again"
        )
        message = ["\(count) \(now)", waitForOrder, waitForDestination].compactMap(\.self).joined(separator: "; ")
    }

    /// What is said of those that wait for an earlier one of their tenant; `nil` if none does.
    package var waitForOrder: String? {
        behind > 0 ? "\(behind) of them \(behind == 1 ? "waits" : "wait") for an earlier webhook of the tenant" : nil
    }

    /// What is said of those that wait for their destination only; `nil` if none does.
    package var waitForDestination: String? {
        let held = waiting.saturatingSubtract(behind)
        guard let waitsUntil, held > 0 else { return nil }
        return "\(held) of them \(held == 1 ? "waits" : "wait") until \(waitsUntil.iso8601) at most, as the destination asked"
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.required("redelivered", &redelivered)
        try coder.member("waiting", &waiting)
        try coder.member("behind", &behind)
        try coder.nullable("waitsUntil", &waitsUntil)
    }
}

extension RedeliveryAnswerDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "RedeliveryAnswer", "",
            [
                "success": .constant(true), "redelivered": "How many are sent again.",
                "waiting":
                    """
                How many of them are not due now: an earlier one of the tenant is sent first, or the destination asked to wait for \
                more than a minute, which is not over.
                """,
                "behind": "How many of these wait for an earlier one of the tenant (WEBHOOK_ORDER=tenant).",
                "waitsUntil": "When the longest of the destinations' waits is over; null if there is none.",
            ])
    }
}
