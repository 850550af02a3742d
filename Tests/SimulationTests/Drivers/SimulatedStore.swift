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
    /// The process is about to be killed: the next one gets what is committed now.
    func copyForKill() async
    /// Takes everything away.
    func clear() async
}

extension Scenario {
    func makeStore() throws -> any SimulatedStore {
        switch driver {
        case .memory: MemoryStore()
        case .sqlite: try SQLiteStore(callerMayServe: callerMayServe)
        }
    }
}

final class MemoryStore: SimulatedStore {
    private let state = Mutex<(queue: MemoryJobQueue?, left: QueueDisk?)>((nil, nil))

    func open(clock: WallClock, executor: SeededExecutor) async throws -> any JobQueue {
        state.withLock { state in
            let left = state.left ?? state.queue?.disk ?? QueueDisk()
            let queue = MemoryJobQueue(disk: left, clock: clock)
            state = (queue, nil)
            return queue
        }
    }

    func copyForKill() async { state.withLock { $0.left = $0.queue?.disk } }

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

    func copyForKill() async {
        let (from, to) = number.withLock { number in
            number += 1
            return (path(number - 1), path(number))
        }
        for suffix in ["", "-wal"] { try? FileManager.default.copyItem(atPath: from + suffix, toPath: to + suffix) }
    }

    func clear() async { try? FileManager.default.removeItem(at: folder) }
}
