import InMemoryQueue
import JobQueueConformance
import Synchronization
import TestSupport
import Testing

@Suite("JobQueue, in memory", .conformance(of: .memory))
enum MemoryConformance {}

extension QueueDriver {
    static let memory = QueueDriver(
        name: "memory",
        open: { _, fixture in
            MemoryJobQueue(
                limits: fixture.limits, clock: fixture.clock.wallClock,
                freeBytes: { fixture.freeBytes.withLock { $0 } })
        },
        afterKill: { queue, _, fixture in
            let left = try #require(queue as? MemoryJobQueue)
            return MemoryJobQueue(
                disk: left.disk, limits: fixture.limits, clock: fixture.clock.wallClock,
                freeBytes: { fixture.freeBytes.withLock { $0 } })
        },
        audit: { _ in [] })
}
