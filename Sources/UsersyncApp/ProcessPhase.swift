import Synchronization

/// Whether the process is starting, running or stopping; readable anywhere without suspending.
package final class ProcessPhase: Sendable {
    private let started = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    package var isStarted: Bool { started.load(ordering: .acquiring) }
    package var isDraining: Bool { draining.load(ordering: .acquiring) }

    package func start() { started.store(true, ordering: .releasing) }
    package func drain() { draining.store(true, ordering: .releasing) }
}
