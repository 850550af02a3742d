import ServiceLifecycle
import Synchronization

/// Whether the process is starting, running or stopping; readable anywhere without suspending.
final class ProcessPhase: Sendable {
    private let started = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    var isStarted: Bool { started.load(ordering: .acquiring) }
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    func start() { started.store(true, ordering: .releasing) }
    func drain() { draining.store(true, ordering: .releasing) }
}

/// The first service to see a graceful shutdown (the last of its group): from then on nothing is accepted.
struct DrainAnnouncer: Service {
    let phase: ProcessPhase
    /// Called then; must not block.
    let onDrain: @Sendable () -> Void

    func run() async throws {
        try await gracefulShutdown()
        phase.drain()
        onDrain()
    }
}
