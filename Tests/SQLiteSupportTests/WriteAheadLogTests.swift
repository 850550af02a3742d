import Foundation
import GRDB
import SQLiteSupport
import Testing

@Suite("The write-ahead log")
struct WriteAheadLogTests {
    /// Writes so much that the log grows by some ten pages.
    private func grow(_ db: Database) throws {
        try db.sql("INSERT INTO items (body) VALUES (?1)").run(.bytes([UInt8](repeating: 7, count: 40_000)))
    }

    private func logBytes(_ bench: Bench) throws -> Int {
        try URL(fileURLWithPath: bench.path + "-wal").resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    }

    @Test("a checkpoint is due once the log has reached its limit, and writes it back")
    func due() throws {
        let bench = try Bench()
        let log = WriteAheadLog(limit: 25)
        try bench { db, _ in
            log.attach(to: db)
            try grow(db)
            #expect(log.writes == 1 && log.pages > 5 && !log.isCheckpointDue)
            _ = try db.sql("SELECT count(*) FROM items").first { $0.int(0) }
            #expect(log.writes == 1, "reading writes nothing")
            while log.pages < 25 { try grow(db) }
            #expect(log.isCheckpointDue)
            log.checkpoint(db, truncating: false)
            #expect(log.pages == 0 && !log.isCheckpointDue)
            try #expect(logBytes(bench) > 0, "the file stays, to be written anew")
            log.checkpoint(db, truncating: true)
            try #expect(logBytes(bench) == 0)
        }
    }

    @Test("what a reader keeps from being written back is tried again when the log has grown by its limit once more")
    func heldByReader() throws {
        let bench = try Bench()
        let log = WriteAheadLog(limit: 25)
        let reader = try DatabaseQueue(path: bench.path)
        try bench { db, _ in
            log.attach(to: db)
            try grow(db)
            try reader.unsafeReentrantRead { reading in
                try reading.execute(sql: "BEGIN; SELECT * FROM items")
                while !log.isCheckpointDue { try grow(db) }
                let pages = log.pages
                log.checkpoint(db, truncating: false)
                #expect(log.pages == pages && !log.isCheckpointDue, "no commit after this one tries in vain")
                while !log.isCheckpointDue { try grow(db) }
                #expect(log.pages >= pages + 25)
                try reading.execute(sql: "COMMIT")
            }
            log.checkpoint(db, truncating: false)
            #expect(log.pages == 0)
            while log.pages < 25 { try grow(db) }
            #expect(log.isCheckpointDue, "the limit is the first one again")
        }
    }

    @Test("a log that is detached is told of no further commit")
    func detached() throws {
        let bench = try Bench()
        let log = WriteAheadLog(limit: 25)
        try bench { db, _ in
            log.attach(to: db)
            try grow(db)
            log.detach(from: db)
            try grow(db)
            #expect(log.writes == 1)
        }
    }
}
