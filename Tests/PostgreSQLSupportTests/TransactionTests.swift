import Dispatch
import PostgreSQLTestServer
import TestSupport
import Testing

@testable import PostgreSQLSupport

@Suite("Transactions of PostgreSQL", .needsPostgreSQL)
struct TransactionTests {
    private struct Stop: Error {}

    private static let table = "CREATE TABLE items (id int PRIMARY KEY, name text)"
    private static let insert = "INSERT INTO items VALUES ($1, $2)"

    private func ids(_ database: Database) async throws -> [Int] {
        try await database.run("SELECT id FROM items ORDER BY id").map { try $0.int(0) }
    }

    @Test("what a closure writes is committed as a whole, or not at all when it throws")
    func wholeOrNothing() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let count = try await connection.transaction(deadline: .farAway) { transaction in
                let results = try transaction.run(PostgresStatement(Self.insert, .int4(1), .text("a")))
                _ = try transaction.commit(PostgresStatement(Self.insert, .int4(2), .text("b")))
                return results.count
            }
            #expect(count == 1, "the results are those of the statements alone")
            await #expect(throws: Stop.self) {
                try await connection.transaction(deadline: .farAway) { transaction in
                    _ = try transaction.run(PostgresStatement(Self.insert, .int4(3), .text("c")))
                    throw Stop()
                }
            }
            #expect(await connection.handBack() == .idle)
            try #expect(await ids(database) == [1, 2])
        }
    }

    @Test("an error in the first round trip names the caller's statement")
    func place() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction(deadline: .farAway) { transaction in
                    _ = try transaction.run(PostgresStatement("SELECT 1"), PostgresStatement("SELECT 1 / 0"))
                }
            }
            #expect(error?.statement == 1)
        }
    }

    @Test("a transaction that is over takes no more statements")
    func over() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            try await connection.transaction(deadline: .farAway) { transaction in
                _ = try transaction.commit()
                #expect(throws: PostgresError.self) { try transaction.run(PostgresStatement("SELECT 1")) }
            }
        }
    }

    @Test("statements that are refused leave the transaction as it was")
    func attempts() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            try await connection.transaction(deadline: .farAway) { transaction in
                for id in [1, 2, 1, 3] as [Int32] {
                    let insert = PostgresStatement(Self.insert, .int4(id), .text("a"))
                    do throws(PostgresError) {
                        let results = try transaction.attempt([PostgresStatement("SELECT 1"), insert])
                        #expect(results.map(\.affected) == [1, 1])
                    } catch {
                        #expect(error.kind == .refused && error.statement == 1)
                    }
                }
            }
            try #expect(await ids(database) == [1, 2, 3])
        }
    }

    @Test("it is begun as asked: its timeouts, its durability, further settings; nothing stays")
    func settings() async throws {
        try await Database.with(Self.table) { database in
            try await database.run("ALTER DATABASE \(database.name) SET synchronous_commit = off")
            let connection = try await database.connect()
            let names = [
                "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit", "enable_seqscan",
                "transaction_isolation",
            ]
            let show = PostgresStatement("SELECT array_agg(current_setting(n)) FROM unnest($1::text[]) n", .texts(names))
            let settings = TransactionSettings(lockTimeout: .milliseconds(1500), more: [("enable_seqscan", "off")])
            let inside = try await connection.transaction(settings, deadline: .farAway) { transaction in
                try transaction.run(show).first?.first?.texts(0)
            }
            #expect(inside == ["1500ms", "10s", "on", "off", "read committed"])
            let outside = try await connection.run([show], deadline: .farAway).first?.first?.texts(0)
            #expect(outside == ["0", "0", "off", "on", "read committed"])
        }
    }

    @Test("the stronger durability of a server stays")
    func durable() async throws {
        try await Database.with(Self.table) { database in
            try await database.run("ALTER DATABASE \(database.name) SET synchronous_commit = remote_apply")
            let connection = try await database.connect()
            let found = try await connection.transaction(deadline: .farAway) { transaction in
                try transaction.run(PostgresStatement("SELECT current_setting('synchronous_commit')")).first?.first?.text(0)
            }
            #expect(found == "remote_apply")
        }
    }

    @Test("the server gives up at the deadline by itself")
    func serverDeadline() async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let left = try await connection.transaction(deadline: .now + .seconds(100)) { transaction in
                let show = PostgresStatement("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")
                return try transaction.run(show).first?.first?.int(0) ?? 0
            }
            #expect((90_000...100_000).contains(left))
        }
    }

    @Test("of two that block one another one runs again; both take effect")
    func deadlock() async throws {
        try await Database.with(Self.table, "INSERT INTO items VALUES (1, ''), (2, '')") { database in
            try await database.run("ALTER DATABASE \(database.name) SET deadlock_timeout = '20ms'")
            let connections = [try await database.connect(), try await database.connect()]
            let locked = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
            // One each: adding to one that both have could be lost.
            let runs = [Shared(0), Shared(0)]
            try await withThrowingTaskGroup { group in
                for (index, connection) in connections.enumerated() {
                    group.addTask {
                        try await connection.transaction(deadline: .farAway) { transaction in
                            runs[index].value += 1
                            let add = { (id: Int) in
                                PostgresStatement(
                                    "UPDATE items SET name = name || $2 WHERE id = $1", .int8(id), .text("\(index)"))
                            }
                            _ = try transaction.run(add(index + 1))
                            if runs[index].value == 1 {
                                locked[index].signal()
                                locked[1 - index].wait()
                            }
                            _ = try transaction.run(add(2 - index))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(runs[0].value + runs[1].value == 3)
            let names = try await database.run("SELECT name FROM items").map { try $0.text(0).sorted() }
            #expect(names == [["0", "1"], ["0", "1"]])
        }
    }

    @Test("one that the server asks to be run again is, up to five times", arguments: [5, 6])
    func serialization(failures: Int) async throws {
        try await Database.with(Self.table) { database in
            let connection = try await database.connect()
            let runs = Shared(0)
            let fail = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"
            let result = await connection.use { session in
                try session.transaction(deadline: .farAway) { transaction in
                    runs.value += 1
                    _ = try transaction.run(PostgresStatement(Self.insert, .int4(1), .text("a")))
                    if runs.value <= failures { _ = try transaction.run(.once(fail)) }
                }
            }
            #expect(runs.value == 6)
            try #expect(await ids(database) == (failures == 5 ? [1] : []))
            if case .failure(let error) = result { #expect((error as? PostgresError)?.kind == .retryable) }
        }
    }

    @Test("a lock that somebody else holds is waited for as long as asked, and asked for again")
    func lockTimeout() async throws {
        try await Database.with(Self.table) { database in
            let (holder, connection) = (try await database.connect(), try await database.connect())
            _ = try await holder.run([.once("BEGIN"), .once("LOCK items")], deadline: .farAway)
            let runs = Shared(0)
            try await connection.transaction(TransactionSettings(lockTimeout: .milliseconds(20)), deadline: .farAway) {
                transaction in
                runs.value += 1
                _ = try transaction.run(PostgresStatement("SELECT 1"))
                if runs.value == 3 { Task { try await holder.run([.once("ROLLBACK")], deadline: .farAway) } }
                _ = try transaction.run(PostgresStatement(Self.insert, .int4(1), .text("a")))
            }
            #expect(runs.value > 2)
        }
    }

    @Test("pauses between attempts grow, and differ")
    func pauses() {
        var retries = Retries()
        let longest = (0..<6).map { _ in retries.next(random: 1) }
        #expect(longest == [20, 40, 80, 160, 320].map { .milliseconds($0) } + [nil])
        var other = Retries()
        #expect(other.next(random: 0) == .milliseconds(10))
    }
}
