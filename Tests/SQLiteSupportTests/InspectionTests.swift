import Foundation
import GRDB
import SQLiteSupport
import TestSupport
import Testing

@Suite("A file that is looked at")
struct InspectionTests {
    private func tables(_ connection: OpaquePointer) throws -> [String] {
        try SQLStatement(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all { $0.text(0) }
    }

    private func files(_ bench: Bench) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: bench.directory.path).sorted()
    }

    @Test("has nothing beside it afterwards, whatever its name, through a link too")
    func closed() throws {
        let bench = try Bench()
        try bench.queue.close()
        for name in ["a ü.sqlite", "100%25?mode=ro#x.sqlite"] {
            let path = bench.directory.path + "/" + name
            try FileManager.default.moveItem(atPath: bench.path, toPath: path)
            try FileManager.default.createSymbolicLink(atPath: path + ".link", withDestinationPath: path)
            let before = try files(bench)
            for path in [path, path + ".link"] { #expect(try DatabaseFile.inspect(path, tables) == ["items"]) }
            #expect(throws: SQLiteFailure.self) {
                try DatabaseFile.inspect(path) { try SQLStatement($0, "CREATE TABLE more (id)").run() }
            }
            #expect(try files(bench) == before)
            try FileManager.default.moveItem(atPath: path, toPath: bench.path)
            try FileManager.default.removeItem(atPath: path + ".link")
        }
    }

    @Test("is seen as whoever has it open left it, who keeps the log and its index")
    func open() throws {
        let bench = try Bench()
        try bench { db, _ in try db.execute(sql: "CREATE TABLE later (id)") }
        let before = try files(bench)
        #expect(before == ["a.sqlite", "a.sqlite-shm", "a.sqlite-wal"])
        #expect(try DatabaseFile.inspect(bench.path, tables) == ["items", "later"])
        #expect(try files(bench) == before)
        try bench { db, _ in try db.execute(sql: "CREATE TABLE last (id)") }
        #expect(try DatabaseFile.inspect(bench.path, tables) == ["items", "last", "later"])
    }

    @Test("is looked at once more if somebody opens it meanwhile")
    func openedMeanwhile() throws {
        let bench = try Bench()
        try bench.queue.close()
        var others: [DatabaseQueue] = []
        var looks = 0
        let found = try DatabaseFile.inspect(bench.path) { connection in
            looks += 1
            let found = try tables(connection)
            if others.isEmpty {
                let other = try DatabaseQueue(path: bench.path)
                try other.write { try $0.execute(sql: "CREATE TABLE later (id)") }
                others.append(other)
            }
            return found
        }
        #expect(found == ["items", "later"] && looks == 2)
        try others.first?.close()
    }
}
