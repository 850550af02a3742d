import JobQueue
import ServiceLifecycle
import SyncEngine
import SyncModel
import Synchronization
import Webhooks

/// Forwards queue notifications. Called inside a write transaction: must not block.
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

    /// Stops forwarding.
    func finish() { continuation.finish() }

    /// The courier is created after the queue that notifies it of deliveries.
    func connect(_ courier: WebhookCourier) { self.courier.withLock { $0 = courier } }
}

/// Passes the queue's signals on to the engine.
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
