import Foundation
import JobQueueConformance
import JobQueueSQLite
import Synchronization
import TestSupport
import Testing

@Suite("JobQueue, kept in SQLite", .conformance(of: .sqlite))
enum SQLiteConformance {}

extension QueueDriver {
    static let sqlite = QueueDriver(
        name: "SQLite",
        open: { place, fixture in
            try await SQLiteJobQueue.open(
                path: place + "/queue.sqlite", limits: fixture.limits, clock: fixture.clock.wallClock,
                disk: DiskGauge { _ in fixture.freeBytes.withLock { $0 } })
        },
        afterKill: { _, place, fixture in
            // What a killed process leaves is what stands in the files: the database and its log, without a clean close.
            let copy = place + "/killed-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
            for file in ["queue.sqlite", "queue.sqlite-wal"] {
                try FileManager.default.copyItem(atPath: place + "/" + file, toPath: copy + "/" + file)
            }
            return try await SQLiteJobQueue.open(
                path: copy + "/queue.sqlite", limits: fixture.limits, clock: fixture.clock.wallClock,
                disk: DiskGauge { _ in fixture.freeBytes.withLock { $0 } })
        },
        audit: { queue in try await (queue as? SQLiteJobQueue)?.audit() ?? ["not the SQLite driver"] })
}
