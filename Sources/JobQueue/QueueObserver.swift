package import SyncModel

/// Told by the queue of what becomes ready, so that nobody polls. Called from within the queue: return at once.
package struct QueueObserver: Sendable {
    /// A tenant has a batch that can be leased.
    package var batchReady: @Sendable (_ tenantID: TenantID) -> Void = { _ in }
    /// A delivery is due.
    package var deliveryDue: @Sendable () -> Void = {}
    /// A job waits for its end (`endable`: it was accepted without users, say) or, its cancel requested, for its batches to be
    /// dropped (`cancelling`). Not told of jobs that `finish` and `drop` return.
    package var jobWaiting: @Sendable () -> Void = {}
    /// Something was asked of the queue that its states do not allow; nothing was changed.
    package var impossible: @Sendable (ImpossibleTransition) -> Void = { _ in }

    package init() {}
}

/// What can be observed. A signal may come twice, late, or, with the process or the connection that it comes by, not at all: whoever
/// acts on it looks by itself as well, at its start and from time to time.
package protocol ObservableQueue: Sendable {
    /// Adds an observer. What was ready before is not told.
    func observe(_ observer: QueueObserver)
}
