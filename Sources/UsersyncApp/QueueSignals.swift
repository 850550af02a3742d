package import JobQueue
import ServiceLifecycle
package import SyncEngine
package import SyncModel
import Synchronization
package import Webhooks

/// Forwards queue notifications. Called inside a write transaction: must not block.
package final class QueueSignals: Sendable {
    package enum Signal: Sendable {
        case batchReady(tenantID: TenantID)
        case jobWaiting
    }

    fileprivate let stream: AsyncStream<Signal>
    private let continuation: AsyncStream<Signal>.Continuation

    private let courier = Mutex<WebhookCourier?>(nil)

    package init() { (stream, continuation) = AsyncStream.makeStream() }

    package var observer: QueueObserver {
        QueueObserver(
            batchReady: { self.continuation.yield(.batchReady(tenantID: $0)) },
            deliveryDue: { self.courier.withLock { $0 }?.wake() }, jobWaiting: { self.continuation.yield(.jobWaiting) })
    }

    /// Stops forwarding.
    package func finish() { continuation.finish() }

    /// The courier is created after the queue that notifies it of deliveries.
    package func connect(_ courier: WebhookCourier) { self.courier.withLock { $0 = courier } }
}

/// Passes the queue's signals on to the engine.
package struct SignalPump: Service {
    package let signals: QueueSignals
    package let engine: Engine

    package init(signals: QueueSignals, engine: Engine) {
        self.signals = signals
        self.engine = engine
    }

    package func run() async throws {
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
