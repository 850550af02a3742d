import JobQueue
import ServiceLifecycle
import SyncEngine

/// Carries what the queue says (from within its writes, so it must not wait) to those who act on it.
struct QueueSignals: Sendable {
    enum Signal: Sendable {
        case batchReady(tenantID: String)
        case deliveryDue
    }

    fileprivate let stream: AsyncStream<Signal>
    private let continuation: AsyncStream<Signal>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    var observer: QueueObserver {
        let continuation = self.continuation
        return QueueObserver(
            batchReady: { continuation.yield(.batchReady(tenantID: $0)) }, deliveryDue: { continuation.yield(.deliveryDue) })
    }
}

/// Hands the queue's signals on.
struct SignalPump: Service {
    let signals: QueueSignals
    let engine: SyncEngine
    let courier: WebhookCourier

    func run() async throws {
        for await signal in signals.stream.cancelOnGracefulShutdown() {
            switch signal {
            case .batchReady(let tenantID): await engine.batchReady(tenantID)
            case .deliveryDue: await courier.wake()
            }
        }
    }
}
