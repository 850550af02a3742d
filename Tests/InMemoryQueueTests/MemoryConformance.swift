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
                store: MemoryQueueStore(clock: fixture.clock.wallClock), limits: fixture.limits,
                freeBytes: { fixture.freeBytes.withLock { $0 } })
        },
        join: { queue, fixture in
            MemoryJobQueue(
                store: try #require(queue as? MemoryJobQueue).store, limits: fixture.limits,
                freeBytes: { fixture.freeBytes.withLock { $0 } })
        },
        afterKill: { queue, _, fixture in
            let left = try #require(queue as? MemoryJobQueue).store.copyAfterKill()
            return MemoryJobQueue(
                store: left, limits: fixture.limits, freeBytes: { fixture.freeBytes.withLock { $0 } })
        },
        audit: { _ in [] })
}
