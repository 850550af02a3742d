import ServiceLifecycle
import Synchronization

/// Whether the process starts, runs or stops; read by many, without waiting.
final class ProcessPhase: Sendable {
    private let started = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    var isStarted: Bool { started.load(ordering: .acquiring) }
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    func start() { started.store(true, ordering: .releasing) }
    func drain() { draining.store(true, ordering: .releasing) }
}

/// The service told first of a graceful shutdown (the last of its group): from then on nothing is accepted.
struct DrainAnnouncer: Service {
    let phase: ProcessPhase
    /// What else is to happen then; it must not wait.
    let onDrain: @Sendable () -> Void

    func run() async throws {
        try await gracefulShutdown()
        phase.drain()
        onDrain()
    }
}
