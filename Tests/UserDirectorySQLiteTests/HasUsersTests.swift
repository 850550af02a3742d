import Foundation
import GRDB
import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

@Suite("Asking an SQLite directory for users of a tenant")
struct HasUsersTests {
    @Test("the answer does not wait for a writer, and is what was committed")
    func besideWriter() async throws {
        let it = try SQLiteFixture()
        try await it.apply(BatchWork(tenant: "t1", [TestUser("a", "a@one.example")]))
        let other = try it.connection()
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN IMMEDIATE; UPDATE users SET tenant_id = 't2'")
        }
        #expect(try await it.directory.hasUsers(of: "t1"))
        #expect(try await !it.directory.hasUsers(of: "t2"))
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        #expect(try await it.directory.hasUsers(of: "t2"))
    }

    @Test("a file or table that is missing is no answer")
    func missing() async throws {
        let it = try SQLiteFixture()
        await #expect(throws: DirectoryError.self) { _ = try await it.directory.hasUsers(of: "t1") }
        #expect(!FileManager.default.fileExists(atPath: it.path), "the question makes none")
        try await it.directory.prepare()
        #expect(try await !it.directory.hasUsers(of: "t1"))
        try it.execute("ALTER TABLE users RENAME TO people")
        await #expect(throws: DirectoryError.self) { _ = try await it.directory.hasUsers(of: "t1") }
    }

    @Test("the locks of the writing connection outlast a question")
    func locks() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        for _ in 0..<3 { _ = try await it.directory.hasUsers(of: "t1") }
        try await it.apply(BatchWork(tenant: "t1", [TestUser("a", "a@one.example")]))
        #expect(try await it.directory.hasUsers(of: "t1"))
        #expect(try it.rows("users").count == 1)
    }
}
