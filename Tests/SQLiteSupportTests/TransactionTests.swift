import GRDB
import SQLiteSupport
import Testing

@Suite("Transactions")
struct TransactionTests {
    private struct Stop: Error {}

    private func names(_ bench: Bench) throws -> [String] {
        try bench { db, _ in try db.sql("SELECT name FROM items ORDER BY id").all { $0.text(0) } }
    }

    @Test("what a body writes is committed as a whole, or not at all when it throws")
    func wholeOrNothing() throws {
        let bench = try Bench()
        try bench { db, handle in
            try Transaction.immediate(on: handle) { try db.sql("INSERT INTO items (name) VALUES ('a')").run() }
            #expect(throws: Stop.self) {
                try Transaction.immediate(on: handle) {
                    try db.sql("INSERT INTO items (name) VALUES ('b')").run()
                    throw Stop()
                }
            }
            #expect(!db.isInsideTransaction && Transaction.isOver(on: handle))
        }
        try #expect(names(bench) == ["a"])
    }

    @Test("a commit that fails leaves no transaction open")
    func failedCommit() throws {
        let bench = try Bench(
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, parent REFERENCES items (id) DEFERRABLE INITIALLY DEFERRED)")
        try bench { db, handle in
            try Pragma("foreign_keys", "ON", reads: "1").set(db)
            #expect(throws: SQLiteFailure.self) {
                try Transaction.immediate(on: handle) {
                    try db.sql("INSERT INTO items (name, parent) VALUES ('a', 99)").run()
                    #expect(Transaction.hasBrokenForeignKeys(on: handle))
                }
            }
            #expect(Transaction.isOver(on: handle))
            try Transaction.immediate(on: handle) { #expect(!Transaction.hasBrokenForeignKeys(on: handle)) }
        }
        try #expect(names(bench) == [])
    }

    @Test("a transaction that a trigger ended is over, and rolling it back is no error")
    func endedByTrigger() throws {
        let bench = try Bench()
        try bench { db, handle in
            try db.execute(sql: "CREATE TRIGGER no BEFORE INSERT ON items BEGIN SELECT RAISE(ROLLBACK, 'no'); END")
            try Transaction.execute("BEGIN IMMEDIATE", on: handle)
            #expect(throws: SQLiteFailure.self) { try db.sql("INSERT INTO items (name) VALUES ('a')").run() }
            #expect(Transaction.isOver(on: handle))
            Transaction.rollback(on: handle)
            try #expect(Transaction.reading(on: handle) { 1 } == 1)
        }
    }
}
