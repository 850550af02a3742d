import Foundation
import GRDB
import SQLiteSupport
import TestSupport
import Testing

@Suite("Files and their settings")
struct DatabaseFileTests {
    private func mode(_ path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test("a new file is its owner's alone, and so are its log and the log's index; one that is there keeps its mode")
    func modes() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a.sqlite"
        #expect(DatabaseFile.make(path) == nil)
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try Pragma("journal_mode", "WAL", reads: "wal").set(db)
            try db.execute(sql: "CREATE TABLE a (b)")
        }
        for file in ["", "-wal", "-shm"] { #expect(try mode(path + file) == 0o600) }
        try queue.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(DatabaseFile.make(path) == nil)
        try #expect(mode(path) == 0o640)
        #expect(DatabaseFile.make(directory.path + "/none/a.sqlite") == "No such file or directory")
    }

    @Test("a file that is moved away while it is open is noticed")
    func moved() throws {
        let bench = try Bench()
        try #expect(bench { _, handle in DatabaseFile.hasMoved(handle) } == false)
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".away")
        try #expect(bench { _, handle in DatabaseFile.hasMoved(handle) } == true)
    }

    @Test("a setting that SQLite does not take is an error that says what it stays at")
    func refused() throws {
        try Bench()({ db, _ in
            let error = #expect(throws: Pragma.Refused.self) {
                try db.execute(sql: "PRAGMA busy_timeout = 7")
                try Pragma("busy_timeout", "8", reads: "8").check(db)
            }
            #expect(error?.found == "7" && error?.pragma.reads == "8")
            let unknown = #expect(throws: Pragma.Refused.self) { try Pragma("no_such", "1", reads: "1").set(db) }
            #expect(unknown?.found == nil)
        })
        let memory = try DatabaseQueue()
        memory.writeWithoutTransaction { db in
            let error = #expect(throws: Pragma.Refused.self) { try Pragma("journal_mode", "WAL", reads: "wal").set(db) }
            #expect(error?.found == "memory")
        }
    }
}
