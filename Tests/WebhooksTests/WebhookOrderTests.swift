import JobQueue
import JobQueueSQLite
import Logging
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhooks of a tenant in order, from the queue's file to the receiver", .timeLimit(.minutes(5)))
struct WebhookOrderTests {
    private static let tenants = 5
    private static let each = 8

    @Test(
        "they arrive in order and none is lost, whatever fails and however often the server is stopped",
        arguments: Property.seeds(known: [1, 2], fresh: 1))
    func inOrder(_ seed: UInt64) async throws {
        let place = try TemporaryDirectory()
        let clock = ManualClock()
        let receiver = OddReceiver(seed)
        let stops = 4
        for life in 1...stops {
            var limits = QueueLimits()
            limits.webhookOrder = .tenant
            let queue = try await SQLiteJobQueue.open(path: place.path + "/q.sqlite", limits: limits, clock: clock.wall)
            if life <= 2 { try await Self.fill(queue, life, clock) }
            let courier = WebhookCourier(
                outbox: queue, limits: CourierLimits(), clock: clock, random: { 0.5 }, sender: receiver,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, impossible: { Issue.record("\($0)") })
            let wanted = Self.tenants * Self.each * 2 / stops * life
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await courier.run() }
                #expect(
                    await eventually {
                        clock.advance(by: .seconds(400))
                        return receiver.taken.count >= wanted
                    })
                group.cancelAll()
            }
            await queue.close()
        }
        for tenant in 0..<Self.tenants {
            let arrived = receiver.taken.filter { $0.hasPrefix("t\(tenant)-") }
            #expect(arrived == (1...Self.each * 2).map { "t\(tenant)-\($0)" }, "seed \(seed)")
        }
    }

    /// Adds webhooks to two receivers, the tenants' in turn.
    private static func fill(_ queue: SQLiteJobQueue, _ life: Int, _ clock: ManualClock) async throws {
        for n in (life - 1) * each + 1...life * each {
            for tenant in 0..<tenants {
                let delivery = NewDelivery(
                    id: "t\(tenant)-\(n)", jobID: nil, type: "t", url: "https://host-\(tenant % 2)/", isConfiguredURL: true,
                    body: Array("{}".utf8), tenantID: TenantID("t\(tenant)"), source: nil, traceparent: nil)
                try await queue.add(delivery, now: clock.timestamp)
            }
        }
    }
}

/// Takes a webhook, refuses it, or takes it and loses the answer, by chance; the first two attempts of each alone go wrong.
private final class OddReceiver: DeliverySender {
    private let random: Mutex<SeededGenerator>
    private let ids = Mutex<[String]>([])

    init(_ seed: UInt64) { random = Mutex(SeededGenerator(seed: seed)) }

    /// In the order in which they arrived first.
    var taken: [String] { ids.withLock { $0 } }

    func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> WebhookSender.Outcome {
        let fate = random.withLock { Int.random(in: 0..<6, using: &$0) }
        let goesWrong = delivery.attempts < 2
        if fate == 0, goesWrong { return WebhookSender.Outcome(status: 500, error: "HTTP 500") }
        if fate == 1, goesWrong { return WebhookSender.Outcome(status: 429, error: "HTTP 429", retryAfter: "9") }
        for _ in 0..<fate { await Task.yield() }
        ids.withLock { if !$0.contains(delivery.what.id) { $0.append(delivery.what.id) } }
        for _ in 0..<fate { await Task.yield() }
        if fate == 2, goesWrong { return WebhookSender.Outcome(error: "timeout after 15 s") }
        return WebhookSender.Outcome(status: 200)
    }

    func close() async {}
}
