import GRDB
import GRDBSQLite
import SQLiteSupport
import Testing

@Suite("Failures")
struct SQLiteFailureTests {
    @Test("a statement that does not compile is the schema's fault")
    func noTable() throws {
        try Bench()({ _, handle in
            let failure = #expect(throws: SQLiteFailure.self) { try SQLStatement(handle, "SELECT * FROM missing") }
            #expect(failure?.isSchemaTrouble == true && failure?.message.contains("missing") == true)
        })
    }

    @Test("one that compiled and fails since a column is gone, too; one that a trigger refuses is not")
    func schemaOrTrigger() throws {
        try Bench()({ db, handle in
            let insert = try SQLStatement(handle, "INSERT INTO items (id, name) VALUES (1, 'a')")
            try db.execute(sql: "CREATE TRIGGER no BEFORE INSERT ON items BEGIN SELECT json('{'); END")
            let refused = #expect(throws: SQLiteFailure.self) { try insert.run() }
            #expect(refused?.primaryCode == SQLITE_ERROR && refused?.isSchemaTrouble == false)
            try db.execute(sql: "DROP TRIGGER no; ALTER TABLE items RENAME COLUMN name TO label")
            let gone = #expect(throws: SQLiteFailure.self) { try insert.run() }
            #expect(gone?.isSchemaTrouble == true)
        })
    }

    @Test("GRDB's errors become the same, without their SQL and arguments")
    func fromGRDB() throws {
        try Bench()({ db, _ in
            try db.execute(sql: "INSERT INTO items (id) VALUES (1)")
            let error = #expect(throws: DatabaseError.self) {
                try db.execute(sql: "INSERT INTO items (id, name) VALUES (1, ?)", arguments: ["secret"])
            }
            let failure = try #require(error.flatMap { SQLiteFailure($0 as any Error) })
            #expect(failure.primaryCode == SQLITE_CONSTRAINT && failure.code != SQLITE_CONSTRAINT, "the extended code")
            #expect(!failure.message.contains("secret") && !failure.message.contains("INSERT"))
            #expect(SQLiteFailure(CancellationError() as any Error) == nil)
        })
    }

    @Test("what befalls the store, its content or its locks is told apart")
    func kinds() {
        func kind(_ code: Int32) -> [Bool] {
            let failure = SQLiteFailure(code: code, message: "")
            return [failure.isOfStorage, failure.isOfContent, failure.isOfLock]
        }
        for code in [SQLITE_FULL, SQLITE_IOERR, SQLiteFailure.moved] { #expect(kind(code) == [true, false, false]) }
        for code in [SQLITE_CONSTRAINT, SQLITE_TOOBIG] { #expect(kind(code) == [false, true, false]) }
        for code in [SQLITE_BUSY, SQLITE_BUSY | (2 << 8), SQLITE_LOCKED] { #expect(kind(code) == [false, false, true]) }
        #expect(kind(SQLITE_ERROR) == [false, false, false])
    }
}
