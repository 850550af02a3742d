package import JobQueue
package import SyncAPI
package import SyncModel

/// One webhook of the outbox. Never its body: that is personal data, and the job shows it anyway.
package struct DeliveryDocument: JSONDocument {
    package let delivery: Delivery

    package init(_ delivery: Delivery) { self.delivery = delivery }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("id", delivery.what.id)
        json.member("jobId", delivery.what.jobID?.text)
        json.member("tenantId", delivery.what.tenantID?.text)
        json.member("type", delivery.what.type)
        json.member("url", DeliveryDocument.redacted(url: delivery.what.url))
        json.member("state", delivery.state.rawValue)
        json.member("attempts", delivery.attempts)
        json.member("createdAt", delivery.createdAt)
        json.member("nextAttemptAt", delivery.nextAttemptAt)
        json.member("lastAttemptAt", delivery.lastAttemptAt)
        json.member("deliveredAt", delivery.deliveredAt)
        json.member("lastStatus") { json in
            if let status = delivery.lastStatus { json.integer(Int64(status)) } else { json.null() }
        }
        json.member("lastError", delivery.lastError)
    }

    /// The address without possible secrets: user and password are removed, query and fragment become an ellipsis.
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

extension JobDocument.Webhook {
    package init(_ delivery: Delivery) {
        self.init(
            id: delivery.what.id, type: delivery.what.type, state: delivery.state.rawValue, attempts: delivery.attempts,
            nextAttemptAt: delivery.nextAttemptAt, deliveredAt: delivery.deliveredAt, lastStatus: delivery.lastStatus,
            lastError: delivery.lastError)
    }
}
