import PostgreSQLSupport
import PostgreSQLTestServer
import TestSupport
import Testing

@Suite("Values of PostgreSQL", .needsPostgreSQL)
struct ValueTests {
    /// A value, how it is written as a column, and whether what came back is it.
    private struct Case {
        let value: PostgresValue
        let type: String
        let isSame: (PostgresRow, Int) throws -> Bool
    }

    @Test("every type comes back as it went, alone and in arrays, with NULLs", arguments: Property.seeds(known: [1], fresh: 3))
    func roundTrips(seed: UInt64) async throws {
        let server = try PostgreSQLServer.shared()
        let connection = try await PostgresConnection.open(
            PostgresURL(server.url(), applicationName: "tests"), memory: PreparedMemory(), deadline: .farAway)
        await Property.holds(seed: seed, steps: 40) { steps in
            var random = RandomValues(SeededGenerator(seed: seed))
            for step in 0..<steps {
                let cases = Self.cases(&random)
                let columns = cases.enumerated().map { "$\($0 + 1)::\($1.type)" }.joined(separator: ", ")
                let results = try await connection.run(
                    [PostgresStatement("SELECT \(columns)", cases.map(\.value))], deadline: .farAway)
                guard let row = results.first?.first else { throw BrokenProperty("no row") }
                for (column, one) in cases.enumerated() {
                    try hold(try one.isSame(row, column), "step \(step): a \(one.type) is the same")
                }
            }
        }
        await connection.close()
    }

    private static func cases(_ random: inout RandomValues) -> [Case] {
        let (bool, int2, int4, int8) = (random.bool(), random.int(Int16.self), random.int(Int32.self), random.int(Int64.self))
        let (double, text, bytes, time) = (random.double(), random.text(), random.bytes(), random.time())
        let (uuid, json) = (random.int(UInt128.self), random.json())
        let bools = random.list { $0.bool() }
        let int2s = random.list { $0.int(Int16.self) }
        let int4s = random.list { $0.int(Int32.self) }
        let int8s = random.list { $0.int(Int64.self) }
        let doubles = random.list { $0.double() }
        let texts = random.list { $0.text() }
        let byteas = random.list { $0.bytes() }
        let times = random.list { $0.time() }
        let uuids = random.list { $0.int(UInt128.self) }
        let jsons = random.list { $0.json() }
        return [
            Case(value: .bool(bool), type: "bool") { try $0.optionalBool($1) == bool },
            Case(value: .int2(int2), type: "int2") { try $0.optionalInt($1) == int2.map(Int.init) },
            Case(value: .int4(int4), type: "int4") { try $0.optionalInt($1) == int4.map(Int.init) },
            Case(value: .int8(int8), type: "int8") { try $0.optionalInt($1) == int8.map(Int.init) },
            Case(value: .float8(double), type: "float8") { try $0.optionalDouble($1)?.bitPattern == double?.bitPattern },
            Case(value: .text(text), type: "text") {
                try $0.optionalText($1).map { Array($0.utf8) } == text.map { Array($0.utf8) }
            },
            Case(value: .text(text), type: "varchar") { try $0.optionalText($1) == text },
            Case(value: .bytea(bytes), type: "bytea") { try $0.optionalBytes($1) == bytes },
            Case(value: .timestamp(time), type: "timestamp") { try $0.optionalTime($1) == time },
            Case(value: .timestamptz(time), type: "timestamptz") { try $0.optionalTime($1) == time },
            Case(value: .uuid(uuid), type: "uuid") { try $0.optionalUUID($1) == uuid },
            Case(value: .jsonb(json), type: "jsonb") { try $0.optionalText($1) == json },
            Case(value: .bools(bools), type: "bool[]") { try $0.bools($1) == bools },
            Case(value: .int2s(int2s), type: "int2[]") { try $0.ints($1) == int2s.map { $0.map(Int.init) } },
            Case(value: .int4s(int4s), type: "int4[]") { try $0.ints($1) == int4s.map { $0.map(Int.init) } },
            Case(value: .int8s(int8s), type: "int8[]") { try $0.ints($1) == int8s.map { $0.map(Int.init) } },
            Case(value: .float8s(doubles), type: "float8[]") { row, column in
                try row.doubles(column)?.map { $0?.bitPattern } == doubles.map { $0?.bitPattern }
            },
            Case(value: .texts(texts), type: "text[]") { try $0.texts($1) == texts },
            Case(value: .texts(texts), type: "varchar[]") { try $0.texts($1) == texts },
            Case(value: .byteas(byteas), type: "bytea[]") { try $0.byteas($1) == byteas },
            Case(value: .timestamps(times), type: "timestamp[]") { try $0.times($1) == times },
            Case(value: .timestamptzs(times), type: "timestamptz[]") { try $0.times($1) == times },
            Case(value: .uuids(uuids), type: "uuid[]") { try $0.uuids($1) == uuids },
            Case(value: .jsonbs(jsons), type: "jsonb[]") { try $0.jsons($1) == jsons },
        ]
    }

    @Test("what the server writes of a value is what was meant")
    func meaning() async throws {
        let server = try PostgreSQLServer.shared()
        let connection = try await PostgresConnection.open(
            PostgresURL(server.url(), applicationName: "tests"), memory: PreparedMemory(), deadline: .farAway)
        let row = try #require(
            try await connection.run(
                [
                    PostgresStatement(
                        """
                        SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text,
                            '2026-02-03 04:05:06.789+00'::timestamptz, ARRAY[[1,2],[3,4]], 'infinity'::timestamp
                        """,
                        .timestamp(0), .timestamptz(PostgresTime.infinity), .uuid(1), .jsonb(#"{"a":[1]}"#),
                        .texts(["a,b", nil, ""]),
                        .bytea([0, 255]), .float8(0.1), .int4s([]))
                ], deadline: .farAway
            ).first?.first)
        try #expect(
            (0..<8).map { try row.text($0) } == [
                "1970-01-01 00:00:00", "infinity", "00000000-0000-0000-0000-000000000001", #"{"a": [1]}"#, #"{"a,b",NULL,""}"#,
                #"\x00ff"#,
                "0.1", "{}",
            ])
        try #expect(row.time(8) == 1_770_091_506_789_000)
        #expect(throws: PostgresError.self, "two dimensions") { try row.ints(9) }
        try #expect(row.time(10) == PostgresTime.infinity)
        await connection.close()
    }

    @Test("what cannot be read as asked is an error")
    func mismatches() async throws {
        let server = try PostgreSQLServer.shared()
        let result = try #require(try await server.run("SELECT 1, 'a'::text, NULL::int, true, now()").first)
        let row = try #require(result.first)
        #expect(throws: PostgresError.self) { try row.text(0) }
        #expect(throws: PostgresError.self) { try row.int(1) }
        #expect(throws: PostgresError.self) { try row.int(2) }
        try #expect(row.optionalInt(2) == nil && row.isNull(2))
        #expect(throws: PostgresError.self) { try row.int(5) }
        #expect(throws: PostgresError.self) { try row.int(-1) }
        #expect(throws: PostgresError.self) { try row.ints(0) }
        #expect(throws: PostgresError.self) { try row.optionalText(4) }
    }
}
