package import SyncModel

/// One webhook of the outbox. Never its body: that holds personal data, and the job shows it anyway.
package struct DeliveryDocument: JSONDocument, PageElement {
    package static let listName: StaticString = "deliveries"

    package var id = ""
    /// `nil` for a test event.
    package var jobID: String?
    package var tenantID: String?
    package var type = ""
    /// Without what may be a secret in it, see `redacted(url:)`.
    package var url = ""
    /// `DeliveryState`'s word.
    package var state = ""
    package var attempts = 0
    package var createdAt: Timestamp?
    package var nextAttemptAt: Timestamp?
    package var lastAttemptAt: Timestamp?
    package var deliveredAt: Timestamp?
    package var lastStatus: Int?
    package var lastError: String?

    package init() {}

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("id", &id)
        try coder.nullable("jobId", &jobID)
        try coder.nullable("tenantId", &tenantID)
        try coder.member("type", &type)
        try coder.member("url", &url)
        try coder.required("state", &state)
        try coder.member("attempts", &attempts)
        try coder.nullable("createdAt", &createdAt)
        try coder.nullable("nextAttemptAt", &nextAttemptAt)
        try coder.nullable("lastAttemptAt", &lastAttemptAt)
        try coder.nullable("deliveredAt", &deliveredAt)
        try coder.nullable("lastStatus", &lastStatus)
        try coder.nullable("lastError", &lastError)
    }

    /// The address without what may be a secret in it: user and password are dropped, query and fragment become an ellipsis.
    package static func redacted(url: String) -> String {
        var shown = url
        if let end = shown.firstIndex(where: { $0 == "?" || $0 == "#" }) {
            shown = shown[...end] + "…"
        }
        guard let scheme = shown.firstRange(of: "://") else { return shown }
        let authorityEnd = shown[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? shown.endIndex
        if let at = shown[scheme.upperBound..<authorityEnd].lastIndex(of: "@") {
            shown.removeSubrange(scheme.upperBound...at)
        }
        return shown
    }
}

/// The answer to sending a webhook again, or a test event.
package struct DeliveryAnswerDocument: JSONDocument {
    package var success = true
    package var message = ""
    package var delivery = DeliveryDocument()

    package init() {}

    package init(message: String, delivery: DeliveryDocument) {
        self.message = message
        self.delivery = delivery
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.required("delivery", &delivery)
    }
}

extension DeliveryDocument {
    package static let pageName = "DeliveryList"

    package static var notes: DocumentNotes {
        DocumentNotes(
            "Delivery", "A webhook in the outbox; its body is not shown.",
            [
                "id": "The header webhook-id: stable over retries and redelivery.",
                "jobId": .jobID("null for a test event."),
                "url": "Without user, password, query and fragment.",
                "state": .deliveryState,
                "createdAt": .always(),
                "nextAttemptAt":
                    "null once delivered or dead, and while it waits for an earlier one of its tenant (WEBHOOK_ORDER=tenant).",
                "lastStatus": .lastStatus,
            ])
    }
}

extension DeliveryAnswerDocument {
    package static var notes: DocumentNotes { DocumentNotes("DeliveryAnswer", "", ["success": .constant(true)]) }
}

extension MemberNote {
    /// `DeliveryState`'s words.
    static let deliveryState = MemberNote.words(DeliveryState.allCases.map(\.rawValue))

    static let lastStatus = MemberNote.schema([
        "type": ["integer", "null"], "description": "HTTP status of the last answer; null if there was none.",
    ])
}
