package import SyncModel

/// The answer to sending all dead webhooks again.
package struct RedeliveryAnswerDocument: JSONDocument {
    package var success = true
    package var message = ""
    /// How many are due now.
    package var redelivered = 0
    /// How many of them go to a destination that asked to wait for more than a minute, which is not over.
    package var waiting = 0
    /// When the longest of these waits is over; `nil` if there is none.
    package var waitsUntil: Timestamp?

    package init() {}

    package init(redelivered: Int, waiting: Int = 0, waitsUntil: Timestamp? = nil) {
        self.redelivered = redelivered
        self.waiting = waiting
        self.waitsUntil = waitsUntil
        message = redelivered == 1 ? "1 webhook is due now" : "\(redelivered) webhooks are due now"
        if let waitsUntil, waiting > 0 {
            message += "; \(waiting) of them wait until \(waitsUntil.iso8601) at most, as their destination asked"
        }
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.required("redelivered", &redelivered)
        try coder.member("waiting", &waiting)
        try coder.nullable("waitsUntil", &waitsUntil)
    }
}

extension RedeliveryAnswerDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "RedeliveryAnswer", "",
            [
                "success": .constant(true), "redelivered": "How many are due now.",
                "waiting": "How many of them go to a destination that asked to wait for more than a minute, which is not over.",
                "waitsUntil": "When the longest of these waits is over; null if there is none.",
            ])
    }
}
