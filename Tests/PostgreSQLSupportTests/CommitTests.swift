import Foundation
import PostgreSQLSupport
import PostgreSQLTestServer
import Testing

@Suite("The answer to COMMIT", .needsPostgreSQL)
struct CommitTests {
    private static let table = "CREATE TABLE items (id int PRIMARY KEY)"
    private static let insert = "INSERT INTO items VALUES ($1)"

    /// Commits a row through a proxy that spoils the last round trip.
    /// - Returns: the error, and whether the row is there.
    private func commit(
        _ id: Int32, _ database: Database, _ proxy: Proxy, inOneTrip: Bool, _ mode: Proxy.Mode
    ) async throws -> (PostgresError?, Bool) {
        proxy.set(.pass)
        let connection = try await database.connect(host: proxy.host)
        let result = await Result {
            try await connection.transaction(deadline: .farAway) { transaction in
                let insert = PostgresStatement(Self.insert, .int4(id))
                _ = try transaction.run(inOneTrip ? PostgresStatement("SELECT 1") : insert)
                proxy.set(mode)
                _ = try transaction.commit(inOneTrip ? [insert] : [])
            }
        }
        await connection.close()
        let there = try await database.run("SELECT 1 FROM items WHERE id = \(id)").count == 1
        guard case .failure(let error) = result else { return (nil, there) }
        return (try #require(error as? PostgresError), there)
    }

    @Test("cut at any of its bytes, the outcome is unknown until the answer is whole", arguments: [false, true])
    func cutAnswer(inOneTrip: Bool) async throws {
        try await Database.with(Self.table) { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            let (none, there) = try await commit(1000, database, proxy, inOneTrip: inOneTrip, .pass)
            try #require(none == nil && there)
            let length = proxy.answered
            try #require(length > 20)
            // The last message says only that the server is ready: six bytes.
            let decisive = length - 6
            for count in 0..<length {
                let (error, there) = try await commit(
                    Int32(count), database, proxy, inOneTrip: inOneTrip, .cutAnswer(after: count))
                #expect(there, "the server had it all")
                #expect(error?.kind == (count < decisive ? .unknownOutcome : nil), "after \(count) of \(length) bytes")
            }
        }
    }

    @Test("cut at any byte of the request, nothing is said to be done that is not, nor not done that is")
    func cutRequest() async throws {
        try await Database.with(Self.table) { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            for count in 0..<60 {
                let (error, there) = try await commit(Int32(count), database, proxy, inOneTrip: false, .cutRequest(after: count))
                #expect(error == nil ? there : error?.kind == .unknownOutcome, "after \(count) bytes")
            }
        }
    }

    @Test("silence is an unknown outcome too, at the deadline")
    func silence() async throws {
        try await Database.with(Self.table) { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            let connection = try await database.connect(host: proxy.host)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction(deadline: .now + .milliseconds(500)) { transaction in
                    _ = try transaction.run(PostgresStatement(Self.insert, .int4(1)))
                    proxy.set(.drop)
                }
            }
            #expect(error?.kind == .unknownOutcome)
        }
    }

    @Test(
        "a COMMIT that is not sent, since its time is over or its task cancelled, is known not to be made",
        arguments: [true, false])
    func notSent(isCancelled: Bool) async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let task = Task {
                try await connection.transaction(deadline: .now + .seconds(isCancelled ? 60 : 1)) { transaction in
                    _ = try transaction.run(PostgresStatement(Self.insert, .int4(1)))
                    if isCancelled { withUnsafeCurrentTask { $0?.cancel() } } else { usleep(1_100_000) }
                }
            }
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == (isCancelled ? .cancelled : .deadline))
            try #expect(await database.run("SELECT 1 FROM items").isEmpty)
            #expect(await connection.isUsable())
        }
    }

    @Test("cancelled while COMMIT is under way, its answer is waited for, and it is made")
    func shielded() async throws {
        let slow = """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
            """
        let trigger = """
            CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()
            """
        try await Database.with(Self.table, slow, trigger) { database in
            let connection = try await database.connect()
            let processID = try await connection.processID()
            let task = Task {
                try await connection.transaction(deadline: .farAway) { transaction in
                    _ = try transaction.run(PostgresStatement(Self.insert, .int4(1)))
                }
            }
            let isCommitting = "SELECT 1 FROM pg_stat_activity WHERE pid = \(processID) AND wait_event = 'PgSleep'"
            while try await database.run(isCommitting).isEmpty {}
            task.cancel()
            try await task.value
            try #expect(await database.run("SELECT 1 FROM items").count == 1)
            try #expect(await connection.run([PostgresStatement("SELECT 1")], deadline: .farAway).count == 1)
        }
    }

    @Test("a COMMIT that its constraints refuse is a refusal")
    func refused() async throws {
        let tables = "CREATE TABLE items (id int PRIMARY KEY, parent int REFERENCES items DEFERRABLE INITIALLY DEFERRED)"
        try await Database.with(tables) { database in
            let connection = try await database.connect()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction(deadline: .farAway) { transaction in
                    _ = try transaction.run(PostgresStatement("INSERT INTO items VALUES (1, 2)"))
                }
            }
            #expect(error?.kind == .refused && error?.sqlState == "23503")
            #expect(await connection.isUsable())
        }
    }

    @Test("a COMMIT that rolls back, since the closure hid an error, is an error")
    func hiddenError() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction(deadline: .farAway) { transaction in
                    _ = try transaction.run(PostgresStatement(Self.insert, .int4(1)))
                    _ = try? transaction.run(PostgresStatement("SELECT 1 / 0"))
                }
            }
            #expect(error?.kind == .other)
            try #expect(await database.run("SELECT 1 FROM items").isEmpty)
            #expect(await connection.isUsable())
        }
    }

    @Test(
        "a commit that did not wait for its standby is an unknown outcome, whatever the server answers", arguments: [true, false])
    func withoutStandby(isExplicit: Bool) async throws {
        let server = try PostgreSQLServer(["synchronous_standby_names": "nobody", "fsync": "off"])
        defer { server.stop() }
        let connection = try await PostgresConnection.open(
            PostgresURL(server.url(), applicationName: "tests"), deadline: .farAway)
        let processID = try await connection.processID()
        let task = Task {
            let create = PostgresStatement.once("CREATE TABLE items (id int)")
            guard isExplicit else { return _ = try await connection.run([create], deadline: .farAway) }
            try await connection.transaction(deadline: .farAway) { _ = try $0.run(create) }
        }
        let isWaiting = "SELECT 1 FROM pg_stat_activity WHERE pid = \(processID) AND wait_event = 'SyncRep'"
        while try await server.run(isWaiting).first?.isEmpty != false {}
        try await server.run("SELECT pg_cancel_backend(\(processID))")
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .unknownOutcome)
    }
}

extension Result where Failure == any Error, Success: Sendable {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
