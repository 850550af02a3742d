package import SyncModel
import Synchronization

/// The disk that the queues of several processes share, and its clock.
package final class MemoryQueueStore: Sendable {
    let clock: WallClock
    private let contents: Mutex<QueueDisk>
    private let joined = Mutex<[MemoryJobQueue]>([])

    package convenience init(clock: WallClock) { self.init(QueueDisk(), clock: clock) }

    private init(_ disk: QueueDisk, clock: WallClock) {
        self.clock = clock
        contents = Mutex(disk)
    }

    /// What would be left if all its processes had been killed, and their leases of batches had run out by now.
    package func copyAfterKill() -> MemoryQueueStore {
        MemoryQueueStore(disk.withoutProcesses(at: clock.now()), clock: clock)
    }

    /// Uploads that are not jobs.
    package var uploads: Int { disk.uploads.count }

    var disk: QueueDisk { contents.withLock { $0 } }

    func change<T: Sendable>(_ body: (inout QueueDisk) throws -> T) rethrows -> T {
        try contents.withLock { try body(&$0) }
    }

    /// Those that are to be told of what changes, in the order in which they joined.
    var processes: [MemoryJobQueue] { joined.withLock { $0 } }

    func join(_ queue: MemoryJobQueue) { joined.withLock { $0.append(queue) } }

    func leave(_ queue: MemoryJobQueue) { joined.withLock { joined in joined.removeAll { $0 === queue } } }
}
