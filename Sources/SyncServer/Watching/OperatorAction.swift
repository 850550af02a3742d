import Hummingbird
import Logging
import SyncModel

/// What an operator did, for the audit trail: ids and key fingerprints only, no personal data.
struct OperatorAction {
    private let action: String
    private let subject: Logger.Metadata

    init(_ action: String, jobID: JobID) {
        self.action = action
        subject = ["jobId": "\(jobID.text)"]
    }

    init(_ action: String, deliveryID: String?) {
        self.action = action
        subject = deliveryID.map { ["deliveryId": "\($0)"] } ?? [:]
    }

    init(_ action: String, alias: TenantID) {
        self.action = action
        subject = ["alias": "\(alias)"]
    }

    /// Logs one line, once the outcome is known.
    func log(_ outcome: String, _ context: SyncRequestContext) {
        context.logger.notice(
            "operator action",
            metadata: subject.merging([
                "action": "\(action)",
                "outcome": "\(outcome)",
                "keyId": "\(context.caller?.keyID ?? "none")",
                "role": "\(context.caller?.role.rawValue ?? "none")",
                "requestId": "\(context.requestID)",
            ]) { _, new in new })
    }
}
