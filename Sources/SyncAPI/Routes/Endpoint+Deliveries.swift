import HTTPTypes

extension Endpoint {
    /// The webhook log.
    static let deliveryGroup: [Endpoint] = [.deliveries, .testDelivery, .redeliver, .redeliverDead]

    package static let deliveries = Endpoint(
        .get, "/api/internal/sync/deliveries", .anyKey,
        OpenAPIOperation(
            "listDeliveries", tag: "deliveries", "The webhook log, newest first",
            parameters: ["DeliveryState", "JobFilter", "TenantFilter", "ListLimit", "Cursor"],
            answers: [OpenAPIAnswer(200, "A page of deliveries.", .json(PageDocument<DeliveryDocument>.self))], errors: [503]))

    package static let testDelivery = Endpoint(
        .post, "/api/internal/sync/deliveries/test", .anyKey,
        OpenAPIOperation(
            "testDelivery", tag: "deliveries", "Send a test event to the configured address",
            "409 if no address is configured.",
            answers: [OpenAPIAnswer(202, "The test event is sent now.", .json(DeliveryAnswerDocument.self))], errors: [409, 503]))

    package static let redeliver = Endpoint(
        .post, "/api/internal/sync/deliveries/{id}/redeliver", .anyKey,
        OpenAPIOperation(
            "redeliver", tag: "deliveries", "Send a webhook again",
            """
            Whatever its state, and whatever its destination asked for; its attempts start over. With WEBHOOK_ORDER=tenant it is sent \
            after the tenant's earlier ones.
            """,
            parameters: ["DeliveryID"],
            answers: [OpenAPIAnswer(202, "The webhook is sent now, or in its turn.", .json(DeliveryAnswerDocument.self))],
            errors: [404, 503]))

    package static let redeliverDead = Endpoint(
        .post, "/api/internal/sync/deliveries/redeliver", .anyKey,
        OpenAPIOperation(
            "redeliverDead", tag: "deliveries", "Send all dead webhooks again",
            """
            Those of one job or tenant, if it is named, the earliest first. Each once, even if it dies again meanwhile. Where the \
            destination asked to wait they do.
            """,
            parameters: ["DeadState", "JobFilter", "TenantFilter"],
            answers: [OpenAPIAnswer(202, "They are sent again.", .json(RedeliveryAnswerDocument.self))], errors: [503]))
}
