package import Hummingbird
package import JobQueue
import SyncAPI
package import SyncEngine
import SyncModel

/// The webhook log, and redelivery.
package struct DeliveriesController: Sendable {
    private let queue: any JobQueue
    private let engine: any EngineControl

    package init(queue: any JobQueue, engine: any EngineControl) {
        self.queue = queue
        self.engine = engine
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.get("/api/internal/sync/deliveries", use: list)
        router.post("/api/internal/sync/deliveries/test", use: test)
        router.post("/api/internal/sync/deliveries/{id}/redeliver", use: redeliver)
    }

    @Sendable private func list(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        var filter = DeliveryFilter()
        filter.state = try query.word("state", as: DeliveryState.self)
        filter.jobID = try query.jobID("jobId")
        filter.tenantID = try query.text("tenantId").map { TenantID($0) }
        let limit = try query.integer("limit", in: JobsController.listLimits, default: JobsController.listDefault)
        let cursor = try query.cursor()
        let page = try await reportingBadCursor { try await queue.deliveries(filter, limit: limit, cursor: cursor) }
        return .json(document: PageDocument("deliveries", page, element: DeliveryDocument.init))
    }

    /// 202 and the delivery, due now, whatever its state.
    @Sendable private func redeliver(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        guard let id = context.parameters.get("id"), DeliveriesController.isID(id) else { throw APIError.notFound("Delivery") }
        let action = OperatorAction("redeliver", deliveryID: id)
        guard try await engine.redeliver(id), let delivery = try await queue.delivery(id) else {
            action.log("refused: unknown", context)
            throw APIError.notFound("Delivery")
        }
        action.log("accepted", context)
        return .json(.accepted) { answer(delivery, "The webhook is due now", to: &$0) }
    }

    /// 202 and the delivery of a test event for the configured address.
    @Sendable private func test(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        guard let delivery = try await engine.sendTestEvent(requestID: context.requestID) else {
            OperatorAction("test", deliveryID: nil).log("refused: no address", context)
            throw APIError(
                .conflict, "No webhook address is configured",
                details: .text("Set WRAPPER_WEBHOOK_URL to the address that shall receive the webhooks"))
        }
        OperatorAction("test", deliveryID: delivery.what.id).log("accepted", context)
        return .json(.accepted) { answer(delivery, "A test event is due now", to: &$0) }
    }

    private func answer(_ delivery: Delivery, _ message: String, to json: inout JSONWriter) {
        json.object { json in
            json.member("success", true)
            json.member("message", message)
            json.member("delivery") { DeliveryDocument(delivery).write(to: &$0) }
        }
    }

    /// Whether the text can be a delivery's id at all: anything else stays out of the log.
    private static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
