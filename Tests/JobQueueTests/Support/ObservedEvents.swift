import JobQueue
import SyncModel
import Synchronization

/// What a queue told its observer.
final class ObservedEvents: Sendable {
    struct Counts: Sendable, Equatable {
        var ready: [TenantID] = []
        var deliveriesDue = 0
        var jobsWaiting = 0
    }

    private let counts = Mutex(Counts())
    private let impossible = Mutex<[ImpossibleTransition]>([])

    var observer: QueueObserver {
        var observer = QueueObserver()
        observer.batchReady = { tenantID in self.counts.withLock { $0.ready.append(tenantID) } }
        observer.deliveryDue = { self.counts.withLock { $0.deliveriesDue += 1 } }
        observer.jobWaiting = { self.counts.withLock { $0.jobsWaiting += 1 } }
        observer.impossible = { transition in self.impossible.withLock { $0.append(transition) } }
        return observer
    }

    /// What was told since the last call.
    func take() -> Counts {
        counts.withLock { counts in
            defer { counts = Counts() }
            return counts
        }
    }

    /// The moves it was told of since the last call that the states do not allow.
    func takeImpossible() -> [ImpossibleTransition] {
        impossible.withLock { impossible in
            defer { impossible = [] }
            return impossible
        }
    }
}
