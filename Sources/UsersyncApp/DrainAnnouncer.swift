import ServiceLifecycle

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
