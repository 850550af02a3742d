import Foundation
import JobQueue
import JobQueueConformance
import Synchronization
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Room on the queue's disk")
struct DiskRoomTests {
    private static let limits: QueueLimits = {
        var limits = QueueLimits()
        limits.minFreeDiskBytes = 1_000_000
        return limits
    }()

    private func withQueue(_ body: (QueueFixture, SQLiteJobQueue) async throws -> Void) async throws {
        try await QueueDriver.sqlite.withQueue(limits: Self.limits) { fixture, queue in
            try await body(fixture, try #require(queue as? SQLiteJobQueue))
        }
    }

    private func isFull(_ body: () async throws -> Void) async throws -> Bool {
        do {
            try await body()
            return false
        } catch QueueError.full(let reason) {
            #expect(reason.contains("below the limit of 1000000"))
            return true
        }
    }

    @Test("an upload is refused before it is read where what it will take, here and in the directory, is not there")
    func setAside() async throws {
        try await withQueue { fixture, queue in
            fixture.freeBytes.withLock { $0 = 11_000_000 }
            // A user of 400 bytes counts once in the queue, and with 1,050 bytes in the directory: 7.25 of 10 million.
            let first = try await queue.openUpload(expecting: 2_000_000)
            #expect(try await isFull { _ = try await queue.openUpload(expecting: 758_621) })
            let second = try await queue.openUpload(expecting: 758_620)
            #expect(queue.admission() == .open, "small ones find room still")
            #expect(try await isFull { _ = try await queue.openUpload(expecting: 1) })
            await queue.discard(first)
            await queue.discard(second)
            _ = try await queue.openUpload(expecting: 2_758_620)
            #expect(try await isFull { _ = try await queue.openUpload(expecting: .max) })
        }
    }

    @Test("every append asks: one that would leave less than the limit is refused, and nothing of it is written")
    func append() async throws {
        try await withQueue { fixture, queue in
            let upload = try await queue.openUpload()
            try await queue.append(batches(100), to: upload)
            fixture.freeBytes.withLock { $0 = 1_000_000 }
            #expect(try await isFull { try await queue.append(batches(100), to: upload) })
            let job = fixture.newJob("a", users: 200)
            #expect(try await isFull { _ = try await queue.accept(job, upload: upload, batches: batches(100)) })
            fixture.freeBytes.withLock { $0 = 1 << 40 }
            try await queue.append(batches(100), to: upload)
            #expect(try await queue.accept(job, upload: upload, batches: []).batches == 2)
            #expect(try await queue.audit() == [])
        }
    }

    @Test("what an upload of unknown length has written counts with its users' rows until they are in the directory")
    func unknownLength() async throws {
        try await withQueue { fixture, queue in
            let upload = try await queue.openUpload()
            let written = batches(10_000)
            let bytes = written.reduce(Int64(0)) { $0 + Int64($1.payload.bytes.count) }
            try await queue.append(written, to: upload)
            // The disk tells of what is in the queue; the rows are spoken for.
            let rows = 10_000 * 250 + 2 * bytes
            fixture.freeBytes.withLock { $0 = 1_000_000 + rows - 1 }
            #expect(try await isFull { _ = try await queue.openUpload(expecting: 0) })
            fixture.freeBytes.withLock { $0 = 1_000_000 + rows }
            _ = try await queue.openUpload(expecting: 0)
            await queue.discard(upload)
            fixture.freeBytes.withLock { $0 = 1_000_000 }
            _ = try await queue.openUpload(expecting: 0)
        }
    }

    @Test("a retry of failed users, which copies them, asks for room as well")
    func retry() async throws {
        try await withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 100)
            try await fixture.work(queue, "a", failing: Set(0..<100))
            func retry() async throws -> RetryRequest {
                try await queue.retryFailed(of: job.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now)
            }
            fixture.freeBytes.withLock { $0 = 1_000_000 }
            #expect(try await isFull { _ = try await retry() })
            fixture.freeBytes.withLock { $0 = 2_000_000 }
            guard case .linked(let linked, existing: false) = try await retry() else {
                Issue.record("expected a linked job")
                return
            }
            #expect(linked.totalUsers == 100)
            #expect(try await queue.audit() == [])
            // What was set aside for it is free again; its users count as pending.
            _ = try await queue.openUpload(expecting: 200_000)
        }
    }

    @Test("a directory on another disk takes nothing of this one, and its own disk is asked as well")
    func otherDisk() async throws {
        let elsewhere = "/elsewhere/crm.sqlite"
        var limits = Self.limits
        limits.directory = .init(path: elsewhere, isElsewhere: true)
        let directoryFree = Mutex<Int64>(27_250_000)
        let place = try TemporaryDirectory()
        let fixture = QueueFixture(limits: limits)
        let queue = try await SQLiteJobQueue.open(
            path: place.path + "/q.sqlite", limits: fixture.limits, clock: fixture.clock.wallClock,
            disk: DiskGauge { path in path == elsewhere ? directoryFree.withLock { $0 } : 11_000_000 })
        let upload = try await queue.openUpload(expecting: 10_000_000)
        #expect(try await isFull { _ = try await queue.openUpload(expecting: 1) })
        await queue.discard(upload)
        directoryFree.withLock { $0 -= 1 }
        #expect(try await isFull { _ = try await queue.openUpload(expecting: 10_000_000) })
        _ = try await queue.openUpload(expecting: 9_999_999)
        directoryFree.withLock { $0 = 999_999 }
        fixture.clock.advance(2)
        guard case .refused(let reason, _) = queue.admission() else {
            Issue.record("the directory's disk is short, and the queue takes more")
            return
        }
        #expect(reason.contains("The directory's disk has 999999 bytes free"))
        await queue.close()
    }

    @Test(
        "an upload whose users turn out to be smaller than recent ones is refused as soon as they are seen: a row takes 250 bytes"
    )
    func smallUsers() throws {
        var room = DiskRoom(limits: Self.limits)
        room.free.queue = 121_000_000
        let upload = UploadID(value: 1)
        // By recent users, of 400 bytes: 109 of 120 million.
        #expect(room.open(upload, bytes: 30_000_000, pendingUsers: 0) == nil)
        #expect(room.append(2_000_000, users: 5_000, to: upload, pendingUsers: 0) == nil)
        // Of 50 bytes, they are 600,000: 210 million in the directory.
        let other = UploadID(value: 2)
        room.settle(upload)
        #expect(room.open(other, bytes: 30_000_000, pendingUsers: 0) == nil)
        #expect(room.append(2_000_000, users: 40_000, to: other, pendingUsers: 0)?.contains("240000000 are needed") == true)
        room.free.queue = 241_000_000
        #expect(room.append(2_000_000, users: 40_000, to: other, pendingUsers: 0) == nil)
    }

    @Test("what is pending is counted in bytes: few users of many bytes count for themselves, and for nobody else")
    func fewLargeUsers() throws {
        var room = DiskRoom(limits: Self.limits)
        room.free.queue = 1 << 40
        for number in 1...2 {
            let upload = UploadID(value: Int64(number))
            // 1,024 users of 64 KiB, then 100,000 of 400 bytes.
            for _ in 0..<(number == 1 ? 32 : 20) {
                let (bytes, users): (Int64, Int) = number == 1 ? (2 << 20, 32) : (2_000_000, 5_000)
                #expect(room.append(bytes, users: users, to: upload, pendingUsers: number == 1 ? 0 : 1_024) == nil)
            }
            room.accept(upload)
        }
        let bytes: Int64 = 64 << 20 + 40_000_000
        #expect(room.pendingBytes == Double(bytes))
        func expect(_ bytes: Int64, _ users: Int) {
            room.free.queue = 1_000_000 + 2 * bytes + Int64(users) * 250
            #expect(room.lack(pendingUsers: users) == nil)
            room.free.queue? -= 1
            #expect(room.lack(pendingUsers: users) != nil)
        }
        expect(bytes, 101_024)
        // The small ones are done, then half of the others is cancelled.
        room.unpend(bytes: 40_000_000, leaving: 1_024)
        expect(64 << 20, 1_024)
        room.unpend(users: 512, leaving: 512)
        expect(32 << 20, 512)
        room.unpend(users: 512, leaving: 0)
        #expect(room.pendingBytes == 0)
    }

    @Test("the bytes of pending users are counted through whatever becomes of them, and anew at the start")
    func pendingBytes() async throws {
        try await withQueue { fixture, queue in
            func expectCounted(_ place: SourceLocation = #_sourceLocation) async throws {
                let reborn = try #require(try await QueueDriver.sqlite.killed(fixture) as? SQLiteJobQueue)
                #expect(queue.gate.pendingBytes == reborn.gate.pendingBytes, sourceLocation: place)
                await reborn.close()
            }
            // Before anybody can work on it: what ends first would leave its bytes behind.
            let whenReady = Shared<[Double]>([])
            var observer = QueueObserver()
            observer.batchReady = { _ in whenReady.value.append(queue.gate.pendingBytes) }
            queue.observe(observer)
            try await fixture.accept(queue, "a", users: 350)
            try await fixture.accept(queue, "b", users: 1)
            #expect(whenReady.value.count == 2 && whenReady.value.allSatisfy { $0 > 0 })
            try await expectCounted()
            let leased = try await queue.lease(LeaseRequest(of: "a", batches: 2), now: fixture.now)
            let finished = leased.map { batch in
                FinishedBatch(batch: batch, users: [], deferred: batch.number == 0 ? [3, 4] : [])
            }
            _ = try await queue.finish(finished, now: fixture.now, ending: { _ in nil })
            try await expectCounted()
            // A lease that was lost ends nothing.
            _ = try await queue.finish(finished, now: fixture.now, ending: { _ in nil })
            try await expectCounted()
            try await fixture.work(queue, "a")
            try await fixture.work(queue, "b")
            #expect(queue.gate.pendingBytes == 0)
            let dropped = try await fixture.accept(queue, "c", users: 250)
            guard case .requested(_, let unstarted) = try await queue.requestCancel(dropped.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            _ = try await queue.drop(dropped.id, batches: unstarted, now: fixture.now)
            #expect(queue.gate.pendingBytes == 0)
            let upload = try await queue.openUpload(expecting: 1_000_000)
            try await queue.append(batches(500), to: upload)
            _ = try await queue.accept(fixture.newJob("d", users: 500), upload: upload, batches: [])
            try await expectCounted()
        }
    }

    @Test("an upload whose body has ended counts with what it has, not with what was announced")
    func ended() throws {
        var room = DiskRoom(limits: Self.limits)
        room.free.queue = 101_000_000
        let upload = UploadID(value: 1)
        #expect(room.open(upload, bytes: 20_000_000, pendingUsers: 0) == nil)
        #expect(room.append(2_000_000, users: 5_000, to: upload, pendingUsers: 0) == nil)
        room.free.queue = 10_000_000
        #expect(room.lack(pendingUsers: 0) != nil)
        room.end(upload)
        #expect(room.append(1_000, users: 2, to: upload, pendingUsers: 0) == nil)
        #expect(room.openUploads == 1)
    }

    @Test(
        "a log of the directory that somebody's reading keeps from being written back counts as room that its file will take",
        arguments: [false, true])
    func directoryLog(isElsewhere: Bool) async throws {
        let place = try TemporaryDirectory()
        var limits = Self.limits
        limits.directory = .init(path: place.path + "/crm.sqlite", isElsewhere: isElsewhere)
        let fixture = QueueFixture(limits: limits)
        fixture.freeBytes.withLock { $0 = 11_000_000 }
        let queue = try await SQLiteJobQueue.open(
            path: place.path + "/q.sqlite", limits: fixture.limits, clock: fixture.clock.wallClock,
            disk: DiskGauge { _ in fixture.freeBytes.withLock { $0 } })
        let log = place.path + "/crm.sqlite-wal"
        #expect(FileManager.default.createFile(atPath: log, contents: nil))
        let most: UInt64 = 16 << 20
        for (bytes, isOpen) in [(most, true), (most + 10_000_000, true), (most + 10_000_001, false), (0, true)] {
            let file = try #require(FileHandle(forWritingAtPath: log))
            try file.truncate(atOffset: bytes)
            try file.close()
            fixture.clock.advance(2)
            #expect((queue.admission() == .open) == isOpen, "\(bytes)")
        }
        await queue.close()
    }

    @Test("a directory's disk that hangs keeps nobody from the queue")
    func hangs() async throws {
        let elsewhere = "/elsewhere/crm.sqlite"
        var limits = Self.limits
        limits.directory = .init(path: elsewhere, isElsewhere: true)
        let gate = DispatchSemaphore(value: 0)
        let place = try TemporaryDirectory()
        let fixture = QueueFixture(limits: limits)
        let queue = try await SQLiteJobQueue.open(
            path: place.path + "/q.sqlite", limits: fixture.limits, clock: fixture.clock.wallClock,
            disk: DiskGauge { path in
                if path == elsewhere { gate.wait() }
                return 1 << 40
            })
        let done = Shared(false)
        let work = Task {
            #expect(queue.admission() == .open && queue.isWritable)
            let upload = try await queue.openUpload(expecting: 10_000_000)
            try await queue.append(batches(100), to: upload)
            _ = try await queue.accept(fixture.newJob("a", users: 100), upload: upload, batches: [])
            done.value = true
        }
        #expect(await eventually { done.value })
        for _ in 0..<100 { gate.signal() }
        try await work.value
        await queue.close()
    }

    @Test("accepted users count with their rows, however small they are")
    func pendingUsers() throws {
        var room = DiskRoom(limits: Self.limits)
        room.free.queue = 1 << 40
        let upload = UploadID(value: 1)
        for _ in 0..<200 { #expect(room.append(1000, users: 1000, to: upload, pendingUsers: 0) == nil) }
        room.accept(upload)
        room.free.queue = 1_000_000 + 25_000_000
        #expect(room.lack(pendingUsers: 100_000)?.contains("of them spoken for") == true)
        #expect(room.lack(pendingUsers: 98_000) == nil)
    }

    @Test("what could not be deleted is deleted later, without a restart")
    func owed() async throws {
        try await withQueue { fixture, queue in
            func leftovers() async throws -> Int { try await queue.leftovers().count }
            let upload = try await queue.openUpload()
            try await queue.append(batches(1000), to: upload)
            try await queue.refuseCommits(true)
            await queue.discard(upload)
            #expect(try await leftovers() == 1)
            _ = await queue.makeRoom()
            #expect(try await leftovers() == 1)
            try await queue.refuseCommits(false)
            _ = await queue.makeRoom()
            #expect(try await leftovers() == 0)
            #expect(try await queue.audit() == [])
        }
    }

    @Test("where the disk is short the log is emptied and free pages are given back, though others write")
    func makesRoom() async throws {
        try await withQueue { fixture, queue in
            let upload = try await queue.openUpload()
            try await queue.append(batches(20_000), to: upload)
            await queue.discard(upload)
            #expect(await queue.makeRoom() == false)
            let before = try await queue.statistics(now: fixture.now)
            #expect(before.bytes + (before.logBytes ?? 0) > 1_000_000)
            fixture.freeBytes.withLock { $0 = 1_999_999 }
            #expect(await queue.makeRoom() == true)
            let after = try await queue.statistics(now: fixture.now)
            #expect(after.logBytes == 0 && after.bytes < 500_000)
        }
    }

    @Test("a reserve is kept, given up when a write finds the disk full, and taken again once there is room")
    func reserve() async throws {
        try await withQueue { fixture, queue in
            func reserve() -> Int64 { DiskGauge.size(of: queue.path + "-reserve") }
            #expect(reserve() == 1 << 20)
            try await queue.setMaxPages(1)
            await #expect(throws: QueueError.self) { try await fixture.accept(queue, "a", users: 3000) }
            #expect(reserve() == 0)
            fixture.freeBytes.withLock { $0 = 2_000_000 }
            _ = await queue.makeRoom()
            #expect(reserve() == 0, "it would not leave the limit free")
            fixture.freeBytes.withLock { $0 = 1 << 40 }
            try await queue.setMaxPages(1_000_000)
            _ = await queue.makeRoom()
            #expect(reserve() == 1 << 20)
        }
    }

    @Test("that the disk is short is said once, and that it is over once, however many ask")
    func saidOnce() async throws {
        let place = try TemporaryDirectory()
        let fixture = QueueFixture(limits: Self.limits)
        let said = AsyncStream<String>.makeStream()
        let queue = try await SQLiteJobQueue.open(
            path: place.path + "/q.sqlite", limits: fixture.limits, clock: fixture.clock.wallClock,
            disk: DiskGauge { _ in fixture.freeBytes.withLock { $0 } }, warn: { said.continuation.yield($0) })
        for free in [1, 2, 1 << 40, 1 << 41] as [Int64] {
            fixture.freeBytes.withLock { $0 = free }
            fixture.clock.advance(2)
            for _ in 0..<5 { _ = queue.admission() }
        }
        said.continuation.finish()
        var words: [String] = []
        for await word in said.stream { words.append(word) }
        #expect(
            words.count == 2 && words.first?.contains("takes no more") == true && words.last?.contains("takes more again") == true
        )
        await queue.close()
    }
}
