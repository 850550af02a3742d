import Foundation
import GRDB
import SyncModel
import Synchronization
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance

@testable import UserDirectorySQLite

@Suite("Directory on SQLite: little room on its disk")
struct TightDiskTests {
    /// A disk of which the test says how much is free.
    private final class Disk: Sendable {
        let free = Mutex<Int64?>(1 << 40)
        /// What `onShortage` frees, once.
        let spare = Mutex<Int64>(0)
        let shortages = Mutex(0)

        func set(_ bytes: Int64?) { free.withLock { $0 = bytes } }

        /// The limit is 8 MiB: the disk is tight below 64 MiB, and the directory stops below 2 MiB.
        var settings: SQLiteUserDirectory.Disk {
            SQLiteUserDirectory.Disk(minFreeBytes: 8 << 20, freeBytes: { self.free.withLock { $0 } }) {
                self.shortages.withLock { $0 += 1 }
                let spare = self.spare.withLock { bytes in
                    defer { bytes = 0 }
                    return bytes
                }
                self.free.withLock { $0? += spare }
            }
        }
    }

    private func fixture(on disk: Disk) throws -> SQLiteFixture {
        var options = SQLiteUserDirectory.Options(busyTimeout: 0.05)
        options.disk = disk.settings
        return try SQLiteFixture(options: options)
    }

    private func batch(_ number: Int) -> BatchWork {
        BatchWork(job: number, (0..<200).map { TestUser("u\(number)-\($0)", "u\(number)-\($0)@x.example") })
    }

    @Test(
        "without room for a commit no users are taken: an outage, until there is room again; what can be spared is given up first"
    )
    func floor() async throws {
        let disk = Disk()
        let it = try fixture(on: disk)
        try await it.directory.prepare()
        disk.set((2 << 20) - 1)
        let error = await #expect(throws: DirectoryError.self) { try await it.directory.apply([batch(1)], closeEarly: { false }) }
        guard case .unavailable(let text) = error else {
            Issue.record("not an outage: \(String(describing: error))")
            return
        }
        #expect(text.contains("2097151 bytes free") && text.contains("2097152"))
        #expect(disk.shortages.withLock { $0 } == 1)
        #expect(try it.rows("users").isEmpty)
        await #expect(throws: DirectoryError.self) { try await it.directory.probe() }
        // A job can still be cancelled, and forgotten.
        #expect(try await it.directory.tombstone(batch(3).jobID, batches: [0]).isEmpty)
        try await it.directory.forget([batch(3).jobID])
        disk.spare.withLock { $0 = 1 }
        try await it.directory.probe()
        #expect(try await it.directory.apply([batch(1)], closeEarly: { false }).count == 1)
        #expect(try it.rows("users").count == 200)
        disk.set(nil)
        #expect(try await it.directory.apply([batch(2)], closeEarly: { false }).count == 1)
    }

    @Test("on a tight disk commits are small and the log's file is short after each; with room neither is so")
    func tight() async throws {
        let disk = Disk()
        let it = try fixture(on: disk)
        func logBytes() -> Int {
            ((try? FileManager.default.attributesOfItem(atPath: it.path + "-wal"))?[.size] as? NSNumber)?.intValue ?? 0
        }
        try await it.directory.prepare()
        var batches = (0..<40).map { batch($0) }
        #expect(try await it.directory.apply(batches, closeEarly: { false }).count == 40)
        #expect(logBytes() > 1 << 20 && it.directory.batchesPerCommit == 100)
        disk.set((64 << 20) - 1)
        batches = (40..<60).map { batch($0) }
        #expect(try await it.directory.apply(batches, closeEarly: { false }).count == 4)
        #expect(logBytes() <= 1 << 20 && it.directory.batchesPerCommit == 4)
        disk.set(64 << 20)
        #expect(try await it.directory.apply(batches, closeEarly: { false }).count == 20)
        #expect(try it.rows("users").count == 60 * 200)
    }

    @Test("a commit that finds the disk full is followed by smaller ones, then by a wait for more room, which ends by itself")
    func filled() {
        let disk = Disk()
        var room = CommitRoom(disk.settings)
        disk.set(10 << 20)
        #expect(room.begin() == CommitRoom.tightBatches)
        room.filled()
        #expect(room.shortage() == nil)
        #expect(room.begin() == 1)
        room.filled()
        #expect(room.shortage()?.contains("\(20 << 20)") == true)
        disk.set(20 << 20)
        #expect(room.shortage() == nil && room.begin() == CommitRoom.tightBatches)
        room.worked()
        disk.set(10 << 20)
        #expect(room.shortage() == nil)
        // A guess that was too high is given up.
        for _ in 0..<2 {
            _ = room.begin()
            room.filled()
        }
        #expect(room.shortage() != nil)
        for _ in 0..<4 { room.refused() }
        #expect(room.shortage() == nil)
        // What fails for want of something else than room does not wait for room.
        disk.set(1 << 40)
        for _ in 0..<3 {
            _ = room.begin()
            room.filled()
        }
        #expect(room.shortage() == nil && room.begin() == .max)
    }

    @Test("what a reader keeps in the log is room that the file will take: users wait for it, and go on once the reader is gone")
    func reader() async throws {
        let disk = Disk()
        let it = try fixture(on: disk)
        try await it.directory.prepare()
        let reader = try it.connection()
        try await reader.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN")
            _ = try Row.fetchOne(db, sql: "SELECT count(*) FROM users")
        }
        disk.set(6 << 20)
        var number = 0
        var refusal: DirectoryError?
        while refusal == nil, number < 400 {
            number += 1
            do throws(DirectoryError) {
                _ = try await it.directory.apply([batch(number)], closeEarly: { false })
            } catch { refusal = error }
        }
        guard case .unavailable(let text) = refusal else {
            Issue.record("not an outage: \(String(describing: refusal))")
            return
        }
        #expect(text.contains("while somebody reads the file"))
        #expect(disk.shortages.withLock { $0 } == 0, "there is room otherwise: nothing is given up")
        await #expect(throws: DirectoryError.self) { try await it.directory.probe() }
        try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try await it.directory.probe()
        #expect(try await it.directory.apply([batch(number)], closeEarly: { false }).count == 1)
        #expect(try it.rows("users").count == number * 200)
    }

    @Test("a merge that does not fit makes no commit of users smaller, and has none of them wait")
    func merge() async throws {
        let disk = Disk()
        let it = try fixture(on: disk)
        try await it.directory.prepare()
        for tenant in ["t1", "t2"] as [TenantID] {
            try await it.apply(
                BatchWork(job: tenant == "t1" ? 1 : 2, tenant: tenant, [TestUser(tenant.text, "a@\(tenant).example")]))
        }
        // What SQLite says where a table has no id left is what it says of a full disk.
        try it.execute(
            """
            CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT);
            INSERT INTO audit VALUES (9223372036854775807);
            CREATE TRIGGER audited AFTER UPDATE OF tenant_id ON users BEGIN INSERT INTO audit VALUES (NULL); END;
            """)
        disk.set(10 << 20)
        for _ in 0..<3 {
            await #expect(throws: DirectoryError.self) { try await it.directory.merge("t2", into: "t1", now: .at(9)) }
        }
        #expect(try await it.directory.apply((3..<9).map { batch($0) }, closeEarly: { false }).count == 4)
    }

    @Test("the log is no longer than a quarter of the limit, so that what it holds finds room where the limit is free again")
    func logLength() {
        var options = SQLiteUserDirectory.Options()
        #expect(options.logPages == 48_000)
        for (limit, pages) in [(0, 4_000), (64 << 20, 4_096), (512 << 20, 32_768), (1 << 30, 48_000), (1 << 50, 48_000)]
            as [(Int64, Int)]
        {
            options.disk = .init(minFreeBytes: limit, freeBytes: { nil })
            #expect(options.logPages == pages)
        }
    }
}
