import SyncAPI
import SyncModel

/// All documents of the API that are answers, or webhooks, by the name of their schema.
enum DocumentTypes {
    static let all: [(schema: String, type: any JSONDocument.Type)] = [
        ("Acknowledgement", AcknowledgementDocument.self), ("Alive", AliveDocument.self), ("BatchAttempt", BatchAttempt.self),
        ("ConnectionOK", ConnectionDocument.self), ("Delivery", DeliveryDocument.self),
        ("DeliveryAnswer", DeliveryAnswerDocument.self), ("DeliveryList", PageDocument<DeliveryDocument>.self),
        ("Directory", DirectoryDocument.self), ("EndedJob", JobDocument.self), ("Error", ErrorDocument.self),
        ("Health", HealthDocument.self), ("JobList", PageDocument<JobSummaryDocument>.self),
        ("JobSummary", JobSummaryDocument.self), ("JobWebhook", JobDocument.Webhook.self), ("Progress", ProgressDocument.self),
        ("Result", ResultDocument.self), ("ResultList", PageDocument<UserResultDocument>.self),
        ("ResultMetadata", ResultDocument.Metadata.self), ("Status", StatusDocument.self), ("Tenant", TenantDocument.self),
        ("UserResult", UserResultDocument.self), ("Violation", Violation.self), ("WebhookEvent", WebhookDocument.self),
    ]
}
