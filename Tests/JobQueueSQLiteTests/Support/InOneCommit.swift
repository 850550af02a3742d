import Dispatch
import JobQueue
import Synchronization

@testable import JobQueueSQLite

extension SQLiteJobQueue {
    /// Holds the writer until all of `operations` wait for it in this order, then lets them go: they share one commit.
    /// Each must write, once.
    func inOneCommit(_ operations: [@Sendable () async throws -> Void]) async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let gate = DispatchSemaphore(value: 0)
        async let blocked: Void = writer.alone { _ in
            start.finish()
            gate.wait()
        }
        for await _ in started {}
        var tasks: [Task<Void, any Error>] = []
        for operation in operations {
            let before = writer.waiting
            tasks.append(Task { try await operation() })
            while writer.waiting == before { await Task.yield() }
        }
        gate.signal()
        try await blocked
        for task in tasks { try await task.value }
    }
}
