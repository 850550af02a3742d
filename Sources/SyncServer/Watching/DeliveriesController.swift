import HTTPTypes
package import Hummingbird
package import JobQueue
import SyncAPI
package import SyncEngine
package import SyncModel

/// The webhook log, and redelivery.
package struct DeliveriesController: Sendable {
    private let queue: any JobInspection
    private let engine: any EngineControl
    private let clock: WallClock
    /// Test events of all callers: each is kept in the log of deliveries and sent to somebody else's server.
    private let testEvents = FixedWindowCounter(window: 60, capacity: 1)
    private static let testEventsPerMinute = 10

    package init(queue: any JobInspection, engine: any EngineControl, clock: WallClock) {
        self.queue = queue
        self.engine = engine
        self.clock = clock
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.deliveries, use: list)
        router.on(.testDelivery, use: test)
        router.on(.redeliver, use: redeliver)
        router.on(.redeliverDead, use: redeliverDead)
    }

    @Sendable private func list(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        var filter = DeliveryFilter()
        filter.state = try query.word("state", as: DeliveryState.self)
        filter.jobID = try query.jobID("jobId")
        filter.tenantID = try query.text("tenantId").map { TenantID($0) }
        let limit = try query.integer("limit", in: PageLimit.list.range, default: PageLimit.list.standard)
        let cursor = try query.cursor()
        let page = try await reportingBadCursor { try await queue.deliveries(filter, limit: limit, cursor: cursor) }
        return .json(document: PageDocument(page, element: DeliveryDocument.init))
    }

    /// 202 and the delivery, which is attempted now, whatever its state and that of its destination.
    @Sendable private func redeliver(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        guard let id = context.parameters.get("id"), DeliveriesController.isID(id) else { throw APIError.notFound("Delivery") }
        let action = OperatorAction("redeliver", deliveryID: id)
        guard try await engine.redeliver(id), let delivery = try await queue.delivery(id) else {
            action.log("refused: unknown", context)
            throw APIError.notFound("Delivery")
        }
        action.log("accepted", context)
        let isBehind = delivery.state == .pending && delivery.nextAttemptAt == nil
        return answer(isBehind ? "The webhook waits for an earlier one of its tenant" : "The webhook is sent now", delivery)
    }

    /// 202 and how many dead ones are sent again. The state is in the query so that a call without one does nothing.
    @Sendable private func redeliverDead(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        try query.expectOnly("state", "jobId", "tenantId")
        guard try query.text("state") == DeliveryState.dead.rawValue else {
            throw APIError.badRequest("Query parameter \"state\" must be dead")
        }
        let job = try query.jobID("jobId")
        let tenant = try query.text("tenantId").map { TenantID($0) }
        let all = try await engine.redeliverDead(ofJob: job, ofTenant: tenant)
        OperatorAction("redeliver all dead", deliveryID: nil).log("accepted: \(all.count)", context)
        return .json(
            .accepted,
            document: RedeliveryAnswerDocument(
                redelivered: all.count, waiting: all.waiting, behind: all.behind, waitsUntil: all.waitsUntil))
    }

    /// 202 and the delivery of a test event for the configured address.
    @Sendable private func test(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let (key, limit) = ("all", DeliveriesController.testEventsPerMinute)
        let counted = testEvents.count(key, limit: limit, now: clock.now())
        guard counted.used <= limit else {
            OperatorAction("test", deliveryID: nil).log("refused: too many", context)
            throw APIError(
                .tooManyRequests, "Too many test events, please try again later",
                details: .text("\(limit) test events are allowed in \(testEvents.window) seconds"),
                headers: [.retryAfter: String(counted.resetAfter)])
        }
        guard let delivery = try await engine.sendTestEvent(requestID: context.requestID) else {
            testEvents.forgive(key, countedIn: counted.windowStart)
            OperatorAction("test", deliveryID: nil).log("refused: no address", context)
            throw APIError(
                .conflict, "No webhook address is configured",
                details: .text("Set WRAPPER_WEBHOOK_URL to the address that shall receive the webhooks"))
        }
        OperatorAction("test", deliveryID: delivery.what.id).log("accepted", context)
        return answer("A test event is sent now", delivery)
    }

    private func answer(_ message: String, _ delivery: Delivery) -> Response {
        .json(.accepted, document: DeliveryAnswerDocument(message: message, delivery: DeliveryDocument(delivery)))
    }

    /// Whether the text can be a delivery's id at all: anything else stays out of the log.
    private static func isID(_ text: String) -> Bool {
        (1...TextLimits.deliveryID).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
