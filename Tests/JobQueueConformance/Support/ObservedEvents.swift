package import JobQueue
package import SyncModel
import Synchronization

/// What a queue told its observer.
package final class ObservedEvents: Sendable {
    package struct Counts: Sendable, Equatable {
        package var ready: [TenantID] = []
        package var deliveriesDue = 0
        package var deliveriesWanted: [String] = []
        package var leasesEnded: [DeliveryLease] = []
        package var jobsWaiting = 0
        package var jobsEnded: [JobID] = []

        package init(ready: [TenantID] = [], deliveriesDue: Int = 0, jobsWaiting: Int = 0, jobsEnded: [JobID] = []) {
            (self.ready, self.deliveriesDue, self.jobsWaiting) = (ready, deliveriesDue, jobsWaiting)
            self.jobsEnded = jobsEnded
        }
    }

    private let counts = Mutex(Counts())
    private let decisions = Mutex<[NamesDecision]>([])
    private let impossible = Mutex<[ImpossibleTransition]>([])

    package var observer: QueueObserver {
        var observer = QueueObserver()
        observer.batchReady = { tenantID in self.counts.withLock { $0.ready.append(tenantID) } }
        observer.deliveryDue = { self.counts.withLock { $0.deliveriesDue += 1 } }
        observer.deliveryWanted = { id, _ in self.counts.withLock { $0.deliveriesWanted.append(id) } }
        observer.deliveryLeaseEnded = { _, lease in self.counts.withLock { $0.leasesEnded.append(lease) } }
        observer.jobWaiting = { self.counts.withLock { $0.jobsWaiting += 1 } }
        observer.jobEnded = { id in self.counts.withLock { $0.jobsEnded.append(id) } }
        observer.namesDecided = { decision in self.decisions.withLock { $0.append(decision) } }
        observer.impossible = { transition in self.impossible.withLock { $0.append(transition) } }
        return observer
    }

    /// What was told since the last call.
    package func take() -> Counts {
        counts.withLock { counts in
            defer { counts = Counts() }
            return counts
        }
    }

    /// What jobs' names taught since the last call.
    package func takeDecisions() -> [NamesDecision] {
        decisions.withLock { decisions in
            defer { decisions = [] }
            return decisions
        }
    }

    /// The moves it was told of since the last call that the states do not allow.
    package func takeImpossible() -> [ImpossibleTransition] {
        impossible.withLock { impossible in
            defer { impossible = [] }
            return impossible
        }
    }
}
