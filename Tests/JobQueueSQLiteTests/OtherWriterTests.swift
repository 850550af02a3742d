import SQLiteSupport
import Dispatch
import Foundation
import GRDB
import JobQueue
import JobQueueConformance
import Synchronization
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Another writer on the queue's file, and a file that goes away")
struct OtherWriterTests {
    /// A queue that waits so long for a lock, and what it says.
    private func withQueue(
        patience: Int32, _ body: (QueueFixture, SQLiteJobQueue, String, Words) async throws -> Void
    ) async throws {
        let place = try TemporaryDirectory()
        let path = place.path + "/q.sqlite"
        let fixture = QueueFixture(limits: QueueLimits())
        let said = Words()
        var store = try OpenedStore(path: path, now: Timestamp(microseconds: 0), warn: { _ in })
        store.patience = patience
        let queue = SQLiteJobQueue(
            store, limits: fixture.limits, clock: fixture.clock.wallClock,
            disk: DiskGauge { _ in fixture.freeBytes.withLock { $0 } }, say: { word in said.words.withLock { $0.append(word) } })
        do { try await body(fixture, queue, path, said) } catch {
            await queue.close()
            throw error
        }
        await queue.close()
    }

    /// What a queue said, in order.
    private final class Words: Sendable {
        let words = Mutex<[String]>([])
        var all: [String] { words.withLock { $0 } }
    }

    private func locked(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        return other
    }

    private func unlock(_ other: DatabaseQueue) throws { try other.inDatabase { try $0.execute(sql: "ROLLBACK") } }

    private func leaveInTransaction(_ reader: DatabaseQueue) throws {
        try reader.unsafeRead { db in
            try db.sql("BEGIN").run()
            _ = try db.sql("SELECT count(*) FROM jobs").first { $0.int(0) }
        }
    }

    private func isOutsideTransaction(_ reader: DatabaseQueue) -> Bool { reader.unsafeRead { !$0.isInsideTransaction } }

    @Test("a lock that is held for a while turns nobody away: all wait, and all are written")
    func waits() async throws {
        try await withQueue(patience: 60_000) { fixture, queue, path, said in
            let other = try locked(path)
            // From elsewhere: the threads of tasks may all wait for the lock.
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) {
                try? other.inDatabase { try $0.execute(sql: "ROLLBACK") }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for i in 0..<40 { group.addTask { try await fixture.accept(queue, "t\(i)", users: 1) } }
                try await group.waitForAll()
            }
            #expect(queue.admission() == .open && queue.isWritable)
            #expect(try await queue.statistics(now: fixture.now).jobs[.queued] == 40)
            #expect(said.all == [])
            try other.close()
        }
    }

    @Test(
        "a lock that is held too long refuses who waited for it, and leaves the gate open; it is said once, and once when it is over"
    )
    func refuses() async throws {
        try await withQueue(patience: 20) { fixture, queue, path, said in
            let other = try locked(path)
            for _ in 0..<5 {
                await #expect(throws: QueueError.self) { try await fixture.accept(queue, "a", users: 1) }
                #expect(queue.admission() == .open, "the next one finds out for itself")
                #expect(!queue.isWritable)
            }
            try unlock(other)
            try await fixture.accept(queue, "a", users: 1)
            #expect(queue.isWritable)
            #expect(
                said.all == [
                    "The queue cannot be written: another process holds a lock on its file", "The queue can be written again",
                ])
            try other.close()
        }
    }

    @Test("a read whose transaction could not be ended does not spoil those that come after it")
    func readerLeftInTransaction() async throws {
        try await withQueue(patience: 1000) { fixture, queue, _, _ in
            let first = try await fixture.accept(queue, "a", users: 1)
            try leaveInTransaction(queue.reader)
            let second = try await fixture.accept(queue, "a", users: 1)
            #expect(try await queue.job(first.id) != nil)
            #expect(try await queue.job(second.id) != nil, "a state from before is read for ever")
            // A body that throws leaves none behind either.
            #expect(throws: QueueError.self) { try queue.readNow { _ in throw QueueError.badCursor } }
            #expect(isOutsideTransaction(queue.reader))
        }
    }

    @Test("a commit of nothing does not say that a full disk is over; a write that goes through does, once there is room")
    func emptyCommit() async throws {
        try await withQueue(patience: 1000) { fixture, queue, _, said in
            try await fixture.accept(queue, "a", users: 1)
            try await queue.setMaxPages(1)
            await #expect(throws: QueueError.self) { try await fixture.accept(queue, "b", users: 3000) }
            #expect(!queue.isWritable)
            try await queue.ledgerForgotten([JobID(now: fixture.now)])
            #expect(!queue.isWritable, "nothing was written")
            fixture.freeBytes.withLock { $0 = 100_000 }
            _ = await queue.makeRoom()
            #expect(!queue.isWritable, "a page can be written, a job cannot")
            fixture.freeBytes.withLock { $0 = 1 << 40 }
            try await queue.setMaxPages(1_000_000)
            _ = await queue.makeRoom()
            #expect(queue.isWritable)
            #expect(said.all.count == 2)
            #expect(try await queue.audit() == [])
        }
    }

    @Test(
        "while the file, or its log, is not where it was opened nothing is acknowledged; put back, all goes on",
        arguments: ["", "-wal"])
    func moved(_ suffix: String) async throws {
        try await withQueue(patience: 1000) { fixture, queue, path, said in
            let first = try await fixture.accept(queue, "a", users: 1)
            try FileManager.default.moveItem(atPath: path + suffix, toPath: path + ".elsewhere")
            await #expect(throws: QueueError.self) { try await fixture.accept(queue, "a", users: 1) }
            #expect(!queue.isWritable)
            guard case .refused = queue.admission() else {
                Issue.record("expected a refusal")
                return
            }
            try FileManager.default.moveItem(atPath: path + ".elsewhere", toPath: path + suffix)
            _ = await queue.makeRoom()
            #expect(queue.isWritable)
            try await fixture.accept(queue, "a", users: 1)
            #expect(try await queue.allJobs().count == 2)
            #expect(try await queue.job(first.id) != nil)
            #expect(said.all.first?.contains("not where it was opened") == true)
        }
    }

    @Test("a file that is moved while a commit is written is not acknowledged either")
    func movedWithin() async throws {
        try await withQueue(patience: 1000) { fixture, queue, path, _ in
            try await fixture.accept(queue, "a", users: 1)
            await #expect(throws: QueueError.self) {
                try await queue.writer.write { context in
                    try context.sql("UPDATE jobs SET request_id = 'late'").run()
                    try FileManager.default.moveItem(atPath: path, toPath: path + ".elsewhere")
                }
            }
            #expect(!queue.isWritable)
            try FileManager.default.moveItem(atPath: path + ".elsewhere", toPath: path)
        }
    }

    @Test("a lease whose commit is refused because the file was moved within it holds nothing once the file is back")
    func movedWithinLease() async throws {
        try await withQueue(patience: 1000) { fixture, queue, path, _ in
            // Its first lease is written, for it marks the job as running.
            try await fixture.accept(queue, "a", users: 20, size: 10)
            try await queue.inOneCommit([
                { await #expect(throws: QueueError.self) { try await fixture.lease(queue, "a") } },
                {
                    await #expect(throws: QueueError.self) {
                        try await queue.writer.write { context in
                            context.afterCommit { try? FileManager.default.moveItem(atPath: path, toPath: path + ".elsewhere") }
                        }
                    }
                },
            ])
            try FileManager.default.moveItem(atPath: path + ".elsewhere", toPath: path)
            _ = await queue.makeRoom()
            #expect(queue.tenantQueue { $0["a"]?.held.isEmpty } == true)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["a"])
            #expect(try await fixture.lease(queue, "a").map(\.number) == [0])
            #expect(fixture.events.takeImpossible() == [])
        }
    }

    @Test(
        "a queue is locked by its file, not by its name: a link to it, hard or not, is the same queue, and one that points nowhere makes it there"
    )
    func links() async throws {
        let place = try TemporaryDirectory()
        let manager = FileManager.default
        try manager.createDirectory(atPath: place.path + "/real", withIntermediateDirectories: true)
        let path = place.path + "/real/q.sqlite"
        try manager.createSymbolicLink(atPath: place.path + "/link.sqlite", withDestinationPath: "real/q.sqlite")
        try manager.createSymbolicLink(atPath: place.path + "/folder", withDestinationPath: place.path + "/real")
        let clock = TestClock()
        let queue = try await SQLiteJobQueue.open(path: place.path + "/link.sqlite", clock: clock.wallClock)
        #expect(queue.path == FilePlace.resolved(path) && manager.fileExists(atPath: path + ".lock"))
        try manager.linkItem(atPath: path, toPath: place.path + "/hard.sqlite")
        let names = ["link.sqlite", "folder/q.sqlite", "real/../real/./q.sqlite", "hard.sqlite"].map { place.path + "/" + $0 }
        for name in [path] + names {
            #expect(FilePlace.isSame(path, name), "\(name)")
            let error = await #expect(throws: QueueError.self, "\(name)") {
                _ = try await SQLiteJobQueue.open(path: name, clock: clock.wallClock)
            }
            guard case .unusable(let reason) = error, reason.contains("another process") else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
        await queue.close()
        #expect(!FilePlace.isSame(path, place.path + "/real/other.sqlite"))
    }
}
