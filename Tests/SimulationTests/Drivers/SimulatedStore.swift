import Foundation
import GRDB
import InMemoryQueue
import SyncModel
import Synchronization

@testable import JobQueueSQLite
@testable import JobQueue

/// What of the queue outlives a process.
protocol SimulatedStore: Sendable {
    /// A queue for a process that starts now.
    func open(clock: WallClock, executor: SeededExecutor) async throws -> any JobQueue
    /// The process with this queue is about to be killed: the others and the next one get what is committed now.
    func cut(_ queue: any JobQueue) async
    /// How many uploads, or what is left of them, it holds.
    func leftovers(of queue: any JobQueue) async throws -> Int
    /// Takes everything away.
    func clear() async
}

extension Scenario {
    /// - Parameter clock: the store's own, where it has one.
    func makeStore(clock: WallClock) throws -> any SimulatedStore {
        switch driver {
        case .memory: MemoryStore(clock: clock)
        case .sqlite: try SQLiteStore(callerMayServe: callerMayServe)
        }
    }
}

/// Shared by several processes, with the world's time for its clock.
final class MemoryStore: SimulatedStore {
    private let store: MemoryQueueStore
    private let lastProcess = Atomic<UInt64>(0)

    init(clock: WallClock) { store = MemoryQueueStore(clock: clock) }

    func open(clock: WallClock, executor: SeededExecutor) async throws -> any JobQueue {
        MemoryJobQueue(store: store, process: ProcessID(value: lastProcess.add(1, ordering: .relaxed).newValue))
    }

    func cut(_ queue: any JobQueue) async { (queue as? MemoryJobQueue)?.cut() }

    func leftovers(of queue: any JobQueue) async throws -> Int { store.uploads }

    func clear() async {}
}

/// The real queue, with its work on the world's thread: whoever writes waits for a step of its own, and so shares a commit with
/// those whose writes came before that step.
final class SQLiteStore: SimulatedStore {
    private let folder: URL
    private let callerMayServe: Bool
    private let number = Mutex(0)

    init(callerMayServe: Bool) throws {
        // In memory where the machine has such a place: thousands of worlds are not worth a disk.
        let shared = URL(filePath: "/dev/shm")
        let root = FileManager.default.isWritableFile(atPath: shared.path) ? shared : FileManager.default.temporaryDirectory
        folder = root.appending(path: "usersync-world-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.callerMayServe = callerMayServe
    }

    private func path(_ number: Int) -> String { folder.appending(path: "queue-\(number).sqlite").path }

    func open(clock: WallClock, executor: SeededExecutor) async throws -> any JobQueue {
        var limits = QueueLimits()
        limits.minFreeDiskBytes = 0
        let threads = QueueThreads(
            serve: { pool, body in
                // A commit takes its time, in which others gather for the next.
                let pause = executor.draw { Int.random(in: -6..<12, using: &$0) }
                executor.scheduler.call(after: .milliseconds(max(0, pause)), executor) { pool.writeWithoutTransaction(body) }
            },
            callerMayServe: callerMayServe, readsWhereCalled: true)
        return try await SQLiteJobQueue.open(
            path: path(number.withLock { $0 }), limits: limits, clock: clock,
            disk: DiskGauge { _ in 1 << 40 }, threads: threads, warn: { _ in })
    }

    func cut(_ queue: any JobQueue) async {
        let (from, to) = number.withLock { number in
            number += 1
            return (path(number - 1), path(number))
        }
        for suffix in ["", "-wal"] { try? FileManager.default.copyItem(atPath: from + suffix, toPath: to + suffix) }
    }

    func leftovers(of queue: any JobQueue) async throws -> Int {
        guard let queue = queue as? SQLiteJobQueue else { return 0 }
        return try await queue.read { db in try OrphanRow.keys(db).count }
    }

    func clear() async { try? FileManager.default.removeItem(at: folder) }
}
