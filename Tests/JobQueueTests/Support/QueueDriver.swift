import Foundation
import InMemoryQueue
import JobQueue
import JobQueueSQLite
import Synchronization
import SyncModel
import TestSupport
import Testing

/// A driver under test: how to make an empty queue of it, and how to make one over what a killed process left.
struct QueueDriver: Sendable, CustomTestStringConvertible {
    let name: String
    /// - Parameter place: a directory of the test's own.
    let open: @Sendable (_ place: String, _ fixture: QueueFixture) async throws -> any JobQueue
    /// Opens what would be there if the process had been killed now, while `queue` is still open.
    let afterKill: @Sendable (_ queue: any JobQueue, _ place: String, _ fixture: QueueFixture) async throws -> any JobQueue

    /// Compares the figures kept with what the store holds, counted; names those that differ.
    let audit: @Sendable (any JobQueue) async throws -> [String]

    var testDescription: String { name }

    /// Every driver that the conformance suite runs against.
    static let all = [sqlite, memory]

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

    /// Runs a test on an empty queue of the driver.
    /// - Parameter isSound: false where the test itself makes the tables say what memory cannot know.
    func withQueue(
        limits: QueueLimits = QueueLimits(), isSound: Bool = true, _ body: (QueueFixture, any JobQueue) async throws -> Void
    ) async throws {
        let fixture = QueueFixture(limits: limits)
        let place = try TemporaryDirectory()
        fixture.place.withLock { $0 = place.path }
        let queue = try await open(place.path, fixture)
        queue.observe(fixture.events.observer)
        fixture.queue.withLock { $0 = queue }
        do {
            try await body(fixture, queue)
        } catch {
            await queue.close()
            throw error
        }
        // Whatever the test did: memory agrees with the tables. (A queue that the test closed has nothing to say.)
        for _ in 0..<2 where isSound {
            let repairs = try? await queue.reconcile(limit: 10_000)
            #expect(repairs ?? [] == [])
        }
        if isSound { #expect(fixture.events.takeImpossible() == []) }
        await queue.close()
    }

    /// The queue as a new process finds it after this one was killed; close it.
    func killed(_ fixture: QueueFixture) async throws -> any JobQueue {
        let queue = try #require(fixture.queue.withLock { $0 })
        let next = try await afterKill(queue, fixture.place.withLock { $0 }, fixture)
        next.observe(fixture.events.observer)
        return next
    }
}

/// What surrounds a queue under test.
final class QueueFixture: Sendable {
    let clock = TestClock()
    let events = ObservedEvents()
    let limits: QueueLimits
    let freeBytes = Mutex<Int64?>(1 << 40)
    let place = Mutex("")
    /// The one that is killed.
    let queue = Mutex<(any JobQueue)?>(nil)

    init(limits: QueueLimits) { self.limits = limits }

    var now: Timestamp { clock.now }
}
