import PostgreSQLSupport
import PostgreSQLTestServer
import Testing

@Suite("Errors of PostgreSQL", .needsPostgreSQL)
struct ErrorTests {
    private static let table = """
        CREATE TABLE items (id int PRIMARY KEY, name varchar(3) NOT NULL, parent int REFERENCES items (id),
            CONSTRAINT small CHECK (id < 100))
        """

    private func error(_ connection: PostgresConnection, _ sql: String, _ values: PostgresValue...) async throws -> PostgresError
    {
        try #require(
            await #expect(throws: PostgresError.self) {
                try await connection.run([PostgresStatement(sql, values)], deadline: .farAway)
            })
    }

    @Test("a refusal names what refused it, and its description no value")
    func refusals() async throws {
        try await Database.with(Self.table, "INSERT INTO items VALUES (1, 'a')") { database in
            let connection = try await database.connect()
            let twice = try await error(connection, "INSERT INTO items VALUES (1, 'b')")
            #expect(
                twice.kind == .refused && twice.sqlState == "23505" && twice.constraint == "items_pkey" && twice.table == "items")
            let missing = try await error(connection, "INSERT INTO items VALUES (2, NULL)")
            #expect(missing.sqlState == "23502" && missing.column == "name")
            let check = try await error(connection, "INSERT INTO items VALUES (100, 'a')")
            #expect(check.sqlState == "23514" && check.constraint == "small")
            let long = try await error(connection, "INSERT INTO items VALUES (3, $1)", .text("abcd"))
            #expect(long.kind == .refused && long.sqlState == "22001" && long.severity == "ERROR")
            let number = try await error(connection, "SELECT $1::text::int", .text("Ada Lovelace"))
            #expect(number.sqlState == "22P02" && number.message.contains("Ada"))
            #expect(!"\(number)".contains("Ada") && "\(number)".contains("22P02"))
            let raised = try await error(connection, "DO $$ BEGIN RAISE EXCEPTION 'Ada'; END $$")
            #expect(raised.sqlState == "P0001" && !"\(raised)".contains("Ada"))
            let zero = try await error(connection, "SELECT $1::text", .text("a\u{0}"))
            #expect(zero.kind == .refused && zero.sqlState == "22021")
            try #expect(await connection.run([PostgresStatement("SELECT 1")], deadline: .farAway).count == 1)
        }
    }

    @Test("what the schema lacks is neither an outage nor a refusal")
    func schema() async throws {
        try await Database.with { database in
            let connection = try await database.connect()
            let error = try await error(connection, "SELECT * FROM missing")
            #expect(error.kind == .other && error.sqlState == "42P01" && "\(error)".contains("missing"))
        }
    }

    @Test("a wrong password is an outage, and stands in no error", arguments: ["geheim123", "p%40ss%2Fw%3Aord"])
    func password(encoded: String) async throws {
        try await Database.with { database in
            let role = "secretive_\(database.name)"
            try await database.run(
                "DO $$ BEGIN CREATE ROLE \(PostgreSQLServer.passwordRole); EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$"
            )
            try await database.server.run("CREATE ROLE \(role) LOGIN PASSWORD 'right' IN ROLE \(PostgreSQLServer.passwordRole)")
            let plain = encoded.replacing("%40", with: "@").replacing("%2F", with: "/").replacing("%3A", with: ":")
            let wrong = try database.url(user: "\(role):\(encoded)")
            let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.open(wrong, deadline: .farAway) }
            #expect(error?.kind == .outage && error?.sqlState == "28P01")
            for text in ["\(error as Any)", error?.message ?? "", String(reflecting: error), "\(wrong)"] {
                #expect(!text.contains(plain) && !text.contains(encoded))
            }
            let right = try await PostgresConnection.open(try database.url(user: "\(role):right"), deadline: .farAway)
            await right.close()
            try await database.server.run("DROP ROLE \(role)")
        }
    }

    @Test("nobody is there: an outage that says where it looked")
    func nobody() async throws {
        let url = try PostgresURL("postgres://u:geheim@%2Ftmp%2Fnowhere:5432/x", applicationName: "tests")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.open(url, deadline: .farAway) }
        #expect(
            error?.kind == .outage && error?.message.contains("/tmp/nowhere") == true
                && error?.message.contains("geheim") == false)
    }

    @Test("too many connections is an outage with its code")
    func tooMany() async throws {
        try await Database.with { database in
            let role = "limited_\(database.name)"
            try await database.server.run("CREATE ROLE \(role) LOGIN CONNECTION LIMIT 1")
            let first = try await PostgresConnection.open(try database.url(user: role), deadline: .farAway)
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresConnection.open(try database.url(user: role), deadline: .farAway)
            }
            #expect(error?.kind == .outage && error?.sqlState == "53300")
            await first.close()
            try await database.server.run("DROP ROLE \(role)")
        }
    }

    @Test("a terminated backend is an outage; the connection is closed")
    func terminated() async throws {
        try await Database.with { database in
            let connection = try await database.connect()
            let processID = try await connection.processID()
            try await database.run("SELECT pg_terminate_backend(\(processID))")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run([PostgresStatement("SELECT 1")], deadline: .farAway)
            }
            #expect(error?.kind == .outage)
            await #expect(throws: PostgresError.self) {
                try await connection.run([PostgresStatement("SELECT 1")], deadline: .farAway)
            }
        }
    }

    @Test("a server that is read-only is an outage; the connection is closed though it still answers")
    func readOnly() async throws {
        try await Database.with("CREATE TABLE items (id int)") { database in
            try await database.run("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
            let connection = try await database.connect()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run([PostgresStatement("INSERT INTO items VALUES (1)")], deadline: .farAway)
            }
            #expect(error?.kind == .outage && error?.sqlState == "25006")
            let next = await #expect(throws: PostgresError.self) {
                try await connection.run([PostgresStatement("SELECT 1")], deadline: .farAway)
            }
            #expect(next?.kind == .outage)
        }
    }
}

extension PostgresConnection {
    /// Of the server's process that serves it.
    func processID() async throws -> Int32 {
        let row = try await run([PostgresStatement("SELECT pg_backend_pid()")], deadline: .farAway).first?.first
        return try Int32(row?.int(0) ?? 0)
    }
}
