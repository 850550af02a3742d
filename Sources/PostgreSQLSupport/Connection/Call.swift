import Synchronization

/// One use of a connection, which the task that makes it may cancel from wherever it runs.
final class Call: Sendable {
    private let cancelled = Atomic(false)
    private let pipe: WakePipe

    init(waking pipe: WakePipe) { self.pipe = pipe }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() {
        cancelled.store(true, ordering: .releasing)
        pipe.wake()
    }
}
