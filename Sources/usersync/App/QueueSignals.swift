import JobQueue
import ServiceLifecycle
import SyncEngine
import SyncModel
import Synchronization

/// Carries what the queue says (from within its writes, so it must not wait) to those who act on it.
final class QueueSignals: Sendable {
    enum Signal: Sendable {
        case batchReady(tenantID: TenantID)
        case jobWaiting
    }

    fileprivate let stream: AsyncStream<Signal>
    private let continuation: AsyncStream<Signal>.Continuation

    private let courier = Mutex<WebhookCourier?>(nil)

    init() { (stream, continuation) = AsyncStream.makeStream() }

    var observer: QueueObserver {
        QueueObserver(
            batchReady: { self.continuation.yield(.batchReady(tenantID: $0)) },
            deliveryDue: { self.courier.withLock { $0 }?.wake() }, jobWaiting: { self.continuation.yield(.jobWaiting) })
    }

    /// Nothing is carried on any more.
    func finish() { continuation.finish() }

    /// The courier is made after the queue, which tells it of deliveries.
    func connect(_ courier: WebhookCourier) { self.courier.withLock { $0 = courier } }
}

/// Hands the queue's signals on.
struct SignalPump: Service {
    let signals: QueueSignals
    let engine: Engine

    func run() async throws {
        await withGracefulShutdownHandler {
            for await signal in signals.stream where !Task.isShuttingDownGracefully {
                switch signal {
                case .batchReady(let tenantID): await engine.batchReady(tenantID)
                case .jobWaiting: await engine.jobWaiting()
                }
            }
        } onGracefulShutdown: {
            signals.finish()
        }
    }
}
