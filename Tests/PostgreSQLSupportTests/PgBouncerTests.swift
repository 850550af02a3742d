import PostgreSQLSupport
import PostgreSQLTestServer
import Testing

@Suite("Behind PgBouncer", .needsPostgreSQL, .needsPgBouncer)
struct PgBouncerTests {
    @Test("pooling by transaction loses prepared statements: all goes through, and each once")
    func transactions() async throws {
        try await Database.with("CREATE TABLE items (client int, number int, PRIMARY KEY (client, number))") { database in
            let pooler = try PgBouncer(before: database.server)
            defer { pooler.close() }
            let memory = PreparedMemory()
            let pool = PostgresPool(try database.url(host: pooler.host), size: 6, memory: memory)
            try await withThrowingTaskGroup { group in
                for client in 0..<6 as Range<Int32> {
                    group.addTask { try await Self.work(client, pool) }
                }
                try await group.waitForAll()
            }
            #expect(memory.isOff)
            await pool.close()
            try #expect(await database.run("SELECT * FROM items").count == 6 * 30)
        }
    }

    /// Statements of its own: behind a pooler without care, another client's would answer.
    private static func work(_ client: Int32, _ pool: PostgresPool) async throws {
        for number in 0..<30 as Range<Int32> {
            let sum = PostgresStatement("SELECT $1::int + \(client)", .int4(number))
            try #expect(await pool.run([sum], deadline: .farAway).first?.first?.int(0) == Int(number + client))
            try await pool.transaction(deadline: .farAway) { transaction in
                _ = try transaction.run(PostgresStatement("INSERT INTO items VALUES (\(client), $1)", .int4(number)))
                let found = try transaction.commit(
                    PostgresStatement("SELECT number FROM items WHERE client = \(client) AND number = $1", .int4(number)))
                try #expect(found.first?.first?.int(0) == Int(number))
            }
        }
    }

    @Test("a statement past its deadline is given up through it too")
    func cancel() async throws {
        try await Database.with { database in
            let pooler = try PgBouncer(before: database.server)
            defer { pooler.close() }
            let connection = try await database.connect(host: pooler.host)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run([PostgresStatement("SELECT pg_sleep(60)")], deadline: .now + .milliseconds(200))
            }
            #expect(error?.kind == .deadline || error?.kind == .outage)
            await connection.close()
        }
    }
}
