/// The answer to sending all dead webhooks again.
package struct RedeliveryAnswerDocument: JSONDocument {
    package var success = true
    package var message = ""
    /// How many are due now.
    package var redelivered = 0

    package init() {}

    package init(redelivered: Int) {
        self.redelivered = redelivered
        message = redelivered == 1 ? "1 webhook is due now" : "\(redelivered) webhooks are due now"
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.required("redelivered", &redelivered)
    }
}

extension RedeliveryAnswerDocument {
    package static var notes: DocumentNotes {
        DocumentNotes("RedeliveryAnswer", "", ["success": .constant(true), "redelivered": "How many are due now."])
    }
}
