import JobQueue
import Logging
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import Webhooks

/// A courier at work on an outbox in memory, under a clock that stands still.
struct CourierBench: Sendable {
    let clock = ManualClock()
    let outbox: FakeOutbox
    var settings: WebhookSettings
    var limits = CourierLimits()
    var resolver: any AddressResolver = SystemResolver()
    /// Sends instead of the HTTP client.
    var sender: (any DeliverySender)?
    var log = TestLog()
    var isPublic: @Sendable (IPAddress) -> Bool = { $0.isPublic }

    static let key = "first-internal-key-of-the-tests"
    static let secrets = [
        WebhookSecret.derived(fromInternalKey: "one-secret-for-the-tests"),
        .derived(fromInternalKey: "and-another-secret-for-them"),
    ]

    /// - Parameter wall: the outbox's clock; by default the courier's.
    init(
        configured: String? = nil, allowedHosts: [String] = [], wall: (ManualClock) -> WallClock = { $0.wall }
    ) throws {
        outbox = FakeOutbox(clock: wall(clock))
        settings = WebhookSettings(
            configuredURL: try configured.map { try WebAddress($0) }, secrets: Self.secrets, internalKey: Self.key,
            sendsAPIKey: true,
            addresses: AddressPolicy(allowedHosts: try allowedHosts.map { try AllowedHost($0) }), version: "1.2.3")
        // Real time, which a machine on which everything else is busy too has little of: no limit for what is meant to succeed.
        limits.attempt = .seconds(hangTime)
        limits.connect = .seconds(hangTime)
    }

    /// Runs a courier while `body` runs.
    func run<T: Sendable>(_ body: @Sendable (WebhookCourier) async throws -> T) async throws -> T {
        let sender =
            sender
            ?? WebhookSender(
                settings: settings, limits: limits,
                clients: PinnedClients(
                    limits: limits, resolver: resolver, trustedRoots: settings.trustedRoots, proxy: settings.proxy,
                    isPublic: isPublic))
        let courier = WebhookCourier(
            outbox: outbox, limits: limits, clock: clock, random: { 0.5 }, sender: sender,
            logger: Logger(label: "test") { [log] _ in log }, impossible: { Issue.record("\($0)") })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await courier.run() }
            defer { group.cancelAll() }
            return try await body(courier)
        }
    }

    func add(
        _ id: String, to url: String, isConfigured: Bool = true, tenantID: TenantID? = "tenant-1", attempts: Int = 0,
        in seconds: Double = 0
    ) async {
        let what = NewDelivery(
            id: id, jobID: nil, type: "user_sync.completed", url: url, isConfiguredURL: isConfigured,
            body: Array(#"{"type":"user_sync.completed","id":"\#(id)"}"#.utf8), tenantID: tenantID, source: "wrapper",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        await outbox.add(what, at: clock.timestamp.advanced(bySeconds: seconds), attempts: attempts)
    }
}

/// A name server whose answers follow each other; the last one stays.
final class FakeResolver: AddressResolver {
    private let answers: Mutex<[[String]]>
    private let count = Mutex(0)

    init(_ answers: [String]...) { self.answers = Mutex(answers) }

    var questions: Int { count.withLock { $0 } }

    func addresses(of host: String) throws -> [IPAddress] {
        count.withLock { $0 += 1 }
        let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        guard !answer.isEmpty else { throw HostNotFound() }
        return answer.map { IPAddress($0)! }
    }
}
