package import SyncModel

/// Notified by the queue of what becomes ready and of what has ended, so that nothing needs to poll. Called from inside the queue: return at once.
package struct QueueObserver: Sendable {
    /// A tenant has a batch that can be leased.
    package var batchReady: @Sendable (_ tenantID: TenantID) -> Void = { _ in }
    /// A delivery is due.
    package var deliveryDue: @Sendable () -> Void = {}
    /// A person wants an attempt at this delivery now, whatever its destination asked for (`DeliveryOutbox.leaseDelivery`).
    package var deliveryWanted: @Sendable (_ delivery: String, _ destination: String) -> Void = { _, _ in }
    /// A delivery was redelivered while it was leased: no attempt should begin under that lease any more.
    package var deliveryLeaseEnded: @Sendable (_ delivery: String, _ lease: DeliveryLease) -> Void = { _, _ in }
    /// A job waits for its end (`endable`: it was accepted without users, for example) or, after a cancel request, for its
    /// batches to be dropped (`cancelling`). Not called for jobs that `finish` and `drop` return.
    package var jobWaiting: @Sendable () -> Void = {}
    /// A job has ended, whichever call ended it, and its end is on disk.
    package var jobEnded: @Sendable (_ job: JobID) -> Void = { _ in }
    /// A job was accepted whose names taught something, contradicted each other, or could not be learnt.
    package var namesDecided: @Sendable (NamesDecision) -> Void = { _ in }
    /// A transition was requested that the queue's states do not allow; nothing was changed.
    package var impossible: @Sendable (ImpossibleTransition) -> Void = { _ in }

    package init() {}
}

/// A queue that can be observed. A signal may arrive twice, late or, if the process or connection that carries it dies, not at
/// all: observers must also look for themselves, at their start and from time to time.
package protocol ObservableQueue: Sendable {
    /// Adds an observer. What is already ready is not signalled.
    func observe(_ observer: QueueObserver)
    /// After how many seconds whoever waits for a signal should look for themselves.
    var lookInterval: Double { get }
}

extension ObservableQueue {
    /// For signals that may be lost on their way from another process.
    package var lookInterval: Double { 1 }
}
