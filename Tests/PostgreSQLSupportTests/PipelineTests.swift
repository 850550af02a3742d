import PostgreSQLTestServer
import TestSupport
import Testing

@testable import PostgreSQLSupport

@Suite("Pipelines", .needsPostgreSQL)
struct PipelineTests {
    private static let insert = "INSERT INTO items VALUES ($1, $2)"
    private static let table = "CREATE TABLE items (id int PRIMARY KEY, name text)"
    private static let count = [PostgresStatement("SELECT count(*) FROM items")]

    @Test("statements of one pipeline answer in order")
    func order() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let results = try await connection.run(
                [
                    PostgresStatement(Self.insert, .int4(1), .text("a")), PostgresStatement(Self.insert, .int4(2), .text(nil)),
                    PostgresStatement("SELECT id, name FROM items ORDER BY id"), .once("CREATE TABLE more ()"),
                ], deadline: .farAway)
            #expect(results.map(\.command) == ["INSERT", "INSERT", "SELECT", "CREATE TABLE"])
            #expect(results.map(\.affected) == [1, 1, 2, 0])
            try #expect(results[2].map { try $0.int(0) } == [1, 2])
            try #expect(results[2].map { try $0.optionalText(1) } == ["a", nil])
        }
    }

    @Test("an error undoes the whole pipeline, says which statement, and leaves the connection usable", arguments: [0, 1, 2, 3])
    func error(at place: Int) async throws {
        try await Database.with(Self.table) { database in
            let memory = PreparedMemory()
            let connection = try await database.connect(memory: memory)
            for _ in 0..<3 {
                var statements = (1...4).map { PostgresStatement(Self.insert, .int4(Int32($0)), .text("a")) }
                // Refused when run, or when parsed.
                statements[place] =
                    place == 3 ? PostgresStatement("SELECT nothing") : PostgresStatement("SELECT 1 / $1::int", .int4(0))
                let error = await #expect(throws: PostgresError.self) { try await connection.run(statements, deadline: .farAway) }
                #expect(error?.statement == place)
                try #expect(await connection.run(Self.count, deadline: .farAway).first?.first?.int(0) == 0)
            }
            #expect(!memory.isOff, "what was not prepared is not taken for it")
        }
    }

    @Test("a transaction that an error leaves open is rolled back")
    func openTransaction() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            await #expect(throws: PostgresError.self) {
                try await connection.run(
                    [.once("BEGIN"), PostgresStatement(Self.insert, .int4(1), .text("a")), PostgresStatement("SELECT 1 / 0")],
                    deadline: .farAway)
            }
            #expect(await connection.handBack() == .idle)
            try #expect(await connection.run(Self.count, deadline: .farAway).first?.first?.int(0) == 0)
        }
    }

    @Test("more than both sides can hold goes through: each reads while it writes")
    func large() async throws {
        try await Database.with { database in
            let connection = try await database.connect()
            // Long answers to shorter questions: the server stops reading long before all of them are sent.
            let question = String(repeating: "x", count: 5000)
            let statements = (0..<400).map { _ in PostgresStatement("SELECT repeat($1::text, 20)", .text(question)) }
            let results = try await connection.run(statements, deadline: .now + .seconds(20))
            try #expect(results.count == 400 && results.allSatisfy { try $0.first?.utf8(0)?.count == 100_000 })
        }
    }

    @Test("a statement is prepared once, whatever its values")
    func preparedOnce() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            for id in 0..<3 {
                let one = PostgresStatement(Self.insert, .int4(Int32(id * 2)), .text(nil))
                _ = try await connection.run(
                    [one, PostgresStatement(Self.insert, .int4(Int32(id * 2 + 1)), .text("a"))], deadline: .farAway)
            }
            let prepared = PostgresStatement.once("SELECT statement FROM pg_prepared_statements")
            let found = try await connection.run([prepared], deadline: .farAway).first?.map { try $0.text(0) }
            #expect(found == [Self.insert])
        }
    }

    @Test("a name means a text and its types, in every connection")
    func names() {
        func name(_ statement: PostgresStatement) -> PreparedStatements.Use {
            var statements = PreparedStatements(memory: PreparedMemory())
            _ = statements.use(of: PostgresStatement("SELECT 0"))
            return statements.use(of: statement)
        }
        let one = PostgresStatement("SELECT $1", .int4(1))
        #expect(name(one) == name(PostgresStatement("SELECT $1", .int4(2))))
        #expect(name(one) != name(PostgresStatement("SELECT $1", .int8(1))))
        #expect(name(one) != name(PostgresStatement("SELECT  $1", .int4(1))))
    }

    @Test("prepared statements that a pooler lost are not prepared again, in any connection; nothing fails")
    func fallback() async throws {
        try await Database.with(Self.table) { database in
            let memory = PreparedMemory()
            let connection = try await database.connect(memory: memory)
            let other = try await database.connect(memory: memory)
            _ = try await connection.run(Self.count, deadline: .farAway)
            _ = try await connection.run([.once("DEALLOCATE ALL")], deadline: .farAway)
            try #expect(await connection.run(Self.count, deadline: .farAway).first?.first?.int(0) == 0)
            #expect(memory.isOff)
            _ = try await connection.run([.once("DEALLOCATE ALL")], deadline: .farAway)
            for connection in [connection, other] {
                _ = try await connection.run(Self.count, deadline: .farAway)
                let prepared = PostgresStatement.once("SELECT 1 FROM pg_prepared_statements")
                try #expect(await connection.run([prepared], deadline: .farAway).first?.isEmpty == true)
            }
        }
    }

    @Test("a name that a server of a pooler's already has is the same to it")
    func duplicateName() async throws {
        try await Database.with(Self.table) { database in
            let memory = PreparedMemory()
            let connection = try await database.connect(memory: memory)
            var twin = PreparedStatements(memory: memory)
            guard case .new(let name) = twin.use(of: Self.count[0]) else { return }
            _ = try await connection.run([.once("PREPARE \(name) AS SELECT 1")], deadline: .farAway)
            try #expect(await connection.run(Self.count, deadline: .farAway).first?.first?.int(0) == 0)
            #expect(memory.isOff)
        }
    }

    @Test("a lost prepared statement within an open transaction fails: the rest of it alone must not take effect")
    func fallbackWithinTransaction() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let insert = { (id: Int32) in PostgresStatement(Self.insert, .int4(id), .text(nil)) }
            _ = try await connection.run([insert(1)], deadline: .farAway)
            _ = try await connection.run(
                [.once("DEALLOCATE ALL"), .once("BEGIN"), .once("DELETE FROM items")], deadline: .farAway)
            let error = await #expect(throws: PostgresError.self) { try await connection.run([insert(2)], deadline: .farAway) }
            #expect(error?.kind == .retryable)
            let ids = try await connection.run([PostgresStatement("SELECT id FROM items")], deadline: .farAway).first?.map {
                try $0.int(0)
            }
            #expect(ids == [1])
        }
    }

    @Test("a transaction whose prepared statements were lost runs again, unprepared")
    func fallbackInTransaction() async throws {
        try await Database.with(Self.table) { database in
            let memory = PreparedMemory()
            let connection = try await database.connect(memory: memory)
            _ = try await connection.run([PostgresStatement(Self.insert, .int4(0), .text(nil))], deadline: .farAway)
            _ = try await connection.run([.once("DEALLOCATE ALL")], deadline: .farAway)
            try await connection.transaction(deadline: .farAway) { transaction in
                _ = try transaction.run(PostgresStatement("SELECT 1"))
                _ = try transaction.run(PostgresStatement(Self.insert, .int4(1), .text(nil)))
            }
            #expect(memory.isOff)
            try #expect(await connection.run(Self.count, deadline: .farAway).first?.first?.int(0) == 2)
        }
    }

    @Test("a column that has become of another type does not break what was prepared")
    func otherType() async throws {
        try await Database.with(Self.table, "INSERT INTO items VALUES (1, 'a')") { database in
            let memory = PreparedMemory()
            let connection = try await database.connect(memory: memory)
            let select = [PostgresStatement("SELECT name FROM items")]
            _ = try await connection.run(select, deadline: .farAway)
            try await database.run("ALTER TABLE items ALTER name TYPE varchar(20)")
            try #expect(await connection.run(select, deadline: .farAway).first?.first?.text(0) == "a")
            #expect(!memory.isOff)
        }
    }
}
