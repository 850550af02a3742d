import Logging
import ServiceLifecycle
import ServiceSupport
import SyncEngine
import TestSupport
import Testing

@Suite("Leasing from a queue that has nothing")
struct VainLeaseTests {
    @Test("two answers in a row without a batch, though a tenant is ready, and it pauses before it asks again")
    func pauses() async throws {
        let clock = ManualClock()
        let queue = EmptyHandedQueue(clock: clock.wall)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let engine = Engine(
            queue: queue, directory: ScriptedDirectory(),
            configuration: EngineConfiguration(workers: 1, webhookURL: nil, publicURL: nil),
            machine: Machine(clock: clock), logger: logger, draining: { false })
        let group = ServiceGroup(services: [engine], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for round in 0..<3 {
                // The dispatcher, and the sweep until the next one.
                try await clock.sleepers(2)
                #expect(queue.leases == 2 + round)
                clock.advance(by: .milliseconds(640))
            }
            await group.triggerGracefulShutdown()
            // Whatever sleeps when the shutdown comes must wake to see it.
            tasks.addTask {
                while true {
                    clock.advance(by: .seconds(1))
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            try await tasks.next()
            tasks.cancelAll()
        }
    }
}
