import Foundation
import GRDB
import SyncModel
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

@Suite("A directory that is away, and comes back")
struct OutageTests {
    private func expectUnavailable(_ body: () async throws -> Void) async {
        let error = await #expect(throws: DirectoryError.self) { try await body() }
        guard case .unavailable(let message) = error else {
            Issue.record("not an outage: \(String(describing: error))")
            return
        }
        #expect(!message.contains("@") && !message.contains("secret-id"), "no personal data: \(message)")
    }

    private let batch = BatchWork([TestUser("secret-id", "a@x.example")])

    @Test("another process's lock is an outage of every call, and ends with the lock")
    func locked() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        let other = try it.connection()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        let directory = it.directory
        await expectUnavailable { _ = try await directory.apply([batch], closeEarly: { false }) }
        await expectUnavailable { _ = try await directory.tombstone(.test(1), batches: [3]) }
        await expectUnavailable { try await directory.forget([.test(1)]) }
        await expectUnavailable { try await directory.probe() }
        await expectUnavailable {
            try await directory.log([
                SyncLogEntry(
                    jobID: .test(1), tenantID: "t", operation: .userSync, totalUsers: 1, counts: JobCounts(), failedCodes: [:],
                    syncedAt: .at(0))
            ])
        }
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await directory.probe()
        #expect(try await it.outcomes(batch) == ["created"])
    }

    @Test("a trigger of the CRM's that no user can pass fails the probe too, until it is gone", arguments: ["INSERT", "UPDATE"])
    func triggerOfNowhere(event: String) async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.directory.probe()
        let crm = try it.connection()
        try await crm.write {
            try $0.execute(sql: "CREATE TRIGGER x AFTER \(event) ON users BEGIN INSERT INTO nowhere VALUES (1); END")
        }
        // The first call may find out that the schema has changed.
        for _ in 0..<3 { await #expect(throws: DirectoryError.self) { try await it.directory.probe() } }
        try await crm.write { try $0.execute(sql: "DROP TRIGGER x") }
        try await it.directory.probe()
        #expect(try await it.outcomes(batch) == ["created"])
    }

    @Test("a file locked at the start is prepared once the lock is gone")
    func lockedAtStart() async throws {
        let it = try SQLiteFixture(sql: CRMTables.guide.sql)
        let other = try it.connection()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        await expectUnavailable { try await it.directory.prepare() }
        await expectUnavailable { try await it.directory.probe() }
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await it.outcomes(batch) == ["created"], "a call prepares what the start could not")
    }

    @Test("a file that is no database is an outage until it is mended")
    func damaged() async throws {
        let it = try SQLiteFixture()
        let url = URL(fileURLWithPath: it.path)
        try Data(repeating: 0x5A, count: 8192).write(to: url)
        await expectUnavailable { try await it.directory.prepare() }
        // An empty one would hide what the damaged one held; whoever wants to begin anew restarts.
        try FileManager.default.removeItem(at: url)
        await expectUnavailable { try await it.directory.prepare() }
        let good = try SQLiteFixture()
        try await good.directory.prepare()
        await good.directory.close()
        try FileManager.default.moveItem(atPath: good.path, toPath: it.path)
        try await it.directory.prepare()
        #expect(try await it.outcomes(batch) == ["created"])
    }

    @Test("a folder that is missing is an outage until it is there")
    func missing() async throws {
        let it = try SQLiteFixture()
        let folder = it.folder.appendingPathComponent("later")
        let directory = SQLiteUserDirectory(
            path: folder.appendingPathComponent("crm.sqlite").path, emailScope: .global, clock: it.clock.wallClock)
        await expectUnavailable { try await directory.prepare() }
        await expectUnavailable { try await directory.probe() }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try await directory.probe()
    }

    @Test("what can be no file stops the start, and stays as it is", arguments: ["folder", "pipe", "link", "/dev/null"])
    func otherThanFile(name: String) async throws {
        let it = try SQLiteFixture()
        let path = name.hasPrefix("/") ? name : it.folder.appending(path: name).path
        switch name {
        case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: it.folder.path)
        default: break
        }
        let before = try FileManager.default.contentsOfDirectory(atPath: it.folder.path)
        let directory = SQLiteUserDirectory(path: path, emailScope: .global, clock: it.clock.wallClock)
        let error = await #expect(throws: DirectoryError.self) { try await directory.prepare() }
        guard case .unusable = error else {
            Issue.record("not a mistake in the settings: \(String(describing: error))")
            return
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: it.folder.path) == before)
    }

    @Test("a folder that takes the place of a file in use is an outage until the file is back; a link to a file is fine")
    func replaced() async throws {
        let it = try SQLiteFixture()
        let aside = it.folder.appending(path: "aside.sqlite").path
        try await it.directory.prepare()
        try FileManager.default.moveItem(atPath: it.path, toPath: aside)
        try FileManager.default.createDirectory(atPath: it.path, withIntermediateDirectories: false)
        let directory = it.directory
        for _ in 0..<3 { await expectUnavailable { try await directory.probe() } }
        try FileManager.default.removeItem(atPath: it.path)
        try FileManager.default.createSymbolicLink(atPath: it.path, withDestinationPath: aside)
        try await directory.probe()
    }

    @Test("a folder or file that may not be written", .enabled(if: getuid() != 0, "root may write everything"))
    func readOnly() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        await it.directory.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: it.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: it.folder.path)
        let directory = SQLiteUserDirectory(path: it.path, emailScope: .global, clock: it.clock.wallClock)
        await expectUnavailable { try await directory.prepare() }
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: it.folder.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: it.path)
        try await directory.prepare()
    }

    @Test("a file damaged while it is open is opened anew once it is mended")
    func damagedWhileOpen() async throws {
        // A small cache, so that pages are read from the file.
        let it = try SQLiteFixture(options: .init(busyTimeout: 0.05, cacheKiB: 40))
        try await it.directory.prepare()
        for number in 0..<20 {
            try await it.apply(
                BatchWork(number: number, (0..<50).map { TestUser("u\(number).\($0)", "u\(number).\($0)@x.example") }))
        }
        await it.directory.checkpoint()
        let url = URL(fileURLWithPath: it.path)
        let good = try Data(contentsOf: url)
        let handle = try FileHandle(forWritingTo: url)
        try handle.seek(toOffset: 4096)
        try handle.write(contentsOf: Data(repeating: 0x5A, count: good.count - 4096))
        try handle.close()
        let directory = it.directory
        await expectUnavailable {
            _ = try await directory.apply([BatchWork(job: 2, [TestUser("u3.3", "u3.3@x.example")])], closeEarly: { false })
        }
        let mending = try FileHandle(forWritingTo: url)
        try mending.write(contentsOf: good)
        try mending.close()
        #expect(try await it.outcomes(BatchWork(job: 2, [TestUser("u3.3", "u3.3@x.example")])) == ["unchanged"])
    }

    @Test("a table that was taken away stops with a name, not with failed users")
    func tableGone() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        #expect(try await it.outcomes(batch) == ["created"])
        try it.execute("ALTER TABLE users RENAME COLUMN title TO titel")
        let user = TestUser("secret-id", "a@x.example", name: "New", [.title: .text("t")])
        let error = await #expect(throws: DirectoryError.self) { try await it.apply(BatchWork(job: 2, [user])) }
        guard case .unusable(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("no such column: title"))
        try it.execute("ALTER TABLE users RENAME COLUMN titel TO title")
        #expect(try await it.outcomes(BatchWork(job: 2, [user])) == ["updated"])
    }

    @Test("a table that was dropped is made again as a start would, whatever was asked first after it")
    func tableDropped() async throws {
        for mixed in [false, true] {
            let it = try SQLiteFixture()
            try await it.directory.prepare()
            #expect(try await it.outcomes(batch) == ["created"])
            if mixed { try it.execute("INSERT INTO users (email, name, tenant_id) VALUES ('Mixed@x.example', 'M', 't2')") }
            try it.execute("DROP TABLE users")
            let again = BatchWork(job: 2, [TestUser("secret-id", "a@x.example")])
            let error = await #expect(throws: DirectoryError.self) { try await it.apply(again) }
            guard case .unusable(let message) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(message.contains("users") && !message.contains("secret-id"))
            // What the engine does while it waits.
            try await it.directory.prepare()
            try await it.directory.probe()
            #expect(try await it.outcomes(again) == ["created"])
        }
    }

    @Test("a directory without its users is not there again, however often it is asked")
    func probeOfDropped() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try it.execute("ALTER TABLE users RENAME COLUMN title TO titel")
        for _ in 1...3 {
            await #expect(throws: DirectoryError.self) {
                try await it.directory.prepare()
                try await it.directory.probe()
            }
        }
        try it.execute("ALTER TABLE users RENAME COLUMN titel TO title")
        try await it.directory.prepare()
        try await it.directory.probe()
    }

    @Test("a file that is moved while it is written to is an outage, not a commit")
    func movedDuringCommit() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        let batches = (0..<3).map { BatchWork(job: 1, number: $0, [TestUser("u\($0)", "u\($0)@x.example")]) }
        let (path, away) = (it.path, it.path + ".away")
        let directory = it.directory
        await expectUnavailable {
            _ = try await directory.apply(batches) {
                // Between the batches of one commit.
                if FileManager.default.fileExists(atPath: path) { rename(path, away) }
                return false
            }
        }
        await expectUnavailable { try await directory.probe() }
        try FileManager.default.moveItem(atPath: away, toPath: path)
        #expect(try await directory.apply(batches, closeEarly: { false }).count == 3)
        #expect(try it.rows("users").count == 3)
    }
}
