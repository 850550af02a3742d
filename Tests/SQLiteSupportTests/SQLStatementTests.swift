import GRDB
import SQLiteSupport
import Testing

@Suite("Statements")
struct SQLStatementTests {
    private static let insert = "INSERT INTO items (id, name, body) VALUES (?1, ?2, ?3)"

    @Test("what is bound comes back: numbers, texts, bytes, nothing, and empty is not nothing", arguments: ["", "a\u{0}b", "é"])
    func roundTrip(text: String) throws {
        try Bench()({ db, _ in
            try db.sql(Self.insert).run(.int(Int64.max), .text(text), .bytes([]))
            try db.sql(Self.insert).run(.int(-1), .null, .bytes([0, 255]))
            let rows = try db.sql("SELECT id, name, body FROM items ORDER BY id").all { row in
                (row.int64(0), row.optionalText(1), row.bytes(2), row.isNull(2))
            }
            #expect(rows.map(\.0) == [-1, .max])
            #expect(rows.map(\.1) == [nil, text])
            #expect(rows.map(\.2) == [[0, 255], []])
            #expect(rows.map(\.3) == [false, false])
        })
    }

    @Test("a count from a damaged file is cut to a size that can be added and multiplied")
    func counts() throws {
        try Bench()({ db, _ in
            let found = try db.sql("SELECT ?1, ?2, NULL").first(.int(Int64.max), .int(Int64.min)) { row in
                [row.optionalInt(0), row.optionalInt(1), row.optionalInt(2)]
            }
            #expect(found == [1 << 47, -(1 << 47), nil])
        })
    }

    @Test("values bound for one run are gone in the next")
    func forgets() throws {
        try Bench()({ db, _ in
            try #expect(db.sql("SELECT ?1").first(.text("a")) { $0.optionalText(0) } == "a")
            try #expect(db.sql("SELECT ?1").first { $0.isNull(0) } == true)
        })
    }

    @Test("bytes are bound where they lie, and stay bound from step to step")
    func bytesInPlace() throws {
        try Bench()({ _, handle in
            let select = try SQLStatement(handle, "SELECT ?1, ?2, ?3")
            var bytes = Array("abc".utf8)
            try bytes.withUnsafeMutableBytes { raw in
                select.bind(1, UnsafeRawBufferPointer(raw))
                select.bind(2, UnsafeRawBufferPointer(rebasing: raw[..<0]))
                select.bind(3, copying: "kept")
                try #expect(select.step())
                #expect(select.text(0).map(Array.init) == Array("abc".utf8))
                #expect(select.text(1)?.count == 0 && !select.isNull(1), "no bytes are the empty text, not NULL")
                select.reset()
                raw[0] = UInt8(ascii: "z")
                try #expect(select.step())
                #expect(select.string(0) == "zbc", "bound in place")
                #expect(select.string(2) == "kept", "not bound again")
            }
            try #expect(!select.step())
        })
    }

    @Test("a column's type is not taken for another")
    func types() throws {
        try Bench()({ _, handle in
            let select = try SQLStatement(handle, "SELECT 7, '7', NULL")
            try #expect(select.step())
            #expect(select.integer(0) == 7 && select.text(0) == nil)
            #expect(select.integer(1) == nil && select.string(1) == "7")
            #expect(select.isNull(2) && select.integer(2) == nil && select.text(2) == nil)
            select.reset()
        })
    }

    @Test("a statement that fails can be run again")
    func failsAndGoesOn() throws {
        try Bench()({ db, handle in
            try db.sql(Self.insert).run(.int(1), .text("a"), .null)
            let failure = #expect(throws: SQLiteFailure.self) { try db.sql(Self.insert).run(.int(2), .text("a"), .null) }
            #expect(failure?.isOfContent == true && failure?.isOfStorage == false && failure?.isOfLock == false)
            try db.sql(Self.insert).run(.int(2), .text("b"), .null)
            #expect(db.changesCount == 1)
            let count = try SQLStatement(handle, "SELECT 1 FROM items WHERE name = 'b'")
            try #expect(count.found())
        })
    }

    @Test("the same text is compiled once")
    func cache() throws {
        try Bench()({ _, handle in
            let cache = StatementCache(handle)
            try #expect(cache("SELECT 1") === cache("SELECT 1"))
            try #expect(cache("SELECT 1") !== cache("SELECT 2"))
        })
    }
}
