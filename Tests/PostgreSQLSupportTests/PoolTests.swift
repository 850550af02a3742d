import PostgreSQLTestServer
import TestSupport
import Testing

@testable import PostgreSQLSupport

@Suite("The pool of connections", .needsPostgreSQL)
struct PoolTests {
    private static let one = [PostgresStatement("SELECT 1")]

    private func open(_ database: Database) async throws -> Int {
        try await database.run(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'usersync/tests' AND datname = current_database()"
        )
        .first?.int(0) ?? 0
    }

    @Test("no more connections than it may have, however many ask; they are kept")
    func bound() async throws {
        try await Database.with { database in
            let pool = PostgresPool(try database.url(), size: 3)
            try await withThrowingTaskGroup { group in
                for _ in 0..<40 {
                    group.addTask { _ = try await pool.run([PostgresStatement("SELECT pg_sleep(0.01)")], deadline: .farAway) }
                }
                try await group.waitForAll()
            }
            try #expect(await open(database) == 3)
            #expect(pool.figures == PostgresPool.Figures(idle: 3, used: 0, waiting: 0))
            await pool.close()
            #expect(try await eventually { try await open(database) == 0 })
        }
    }

    @Test("whoever waits gets a connection in the order of asking")
    func order() async throws {
        try await Database.with { database in
            let pool = PostgresPool(try database.url(), size: 1)
            let (isHeld, goes, served) = (Shared(false), Shared(false), Shared<[Int]>([]))
            try await withThrowingTaskGroup { group in
                group.addTask {
                    _ = try await pool.use(deadline: .farAway) { _ in
                        isHeld.value = true
                        while !goes.value {}
                    }
                }
                while !isHeld.value { await Task.yield() }
                for number in 0..<10 {
                    group.addTask { _ = try await pool.use(deadline: .farAway) { _ in served.value.append(number) } }
                    while pool.figures.waiting <= number { await Task.yield() }
                }
                goes.value = true
                try await group.waitForAll()
            }
            #expect(served.value == Array(0..<10))
            await pool.close()
        }
    }

    @Test("a wait ends at its deadline, or when its task is cancelled, and its place is given up")
    func waitEnds() async throws {
        try await Database.with { database in
            let pool = PostgresPool(try database.url(), size: 1)
            let (isHeld, goes) = (Shared(false), Shared(false))
            let holder = Task {
                _ = try await pool.use(deadline: .farAway) { _ in
                    isHeld.value = true
                    while !goes.value {}
                }
            }
            while !isHeld.value { await Task.yield() }
            let late = await #expect(throws: PostgresError.self) {
                try await pool.run(Self.one, deadline: .now + .milliseconds(50))
            }
            #expect(late?.kind == .deadline)
            let waiter = Task { try await pool.run(Self.one, deadline: .farAway) }
            while pool.figures.waiting == 0 { await Task.yield() }
            waiter.cancel()
            let cancelled = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(cancelled?.kind == .cancelled && pool.figures.waiting == 0)
            goes.value = true
            try await holder.value
            try #expect(await pool.run(Self.one, deadline: .now + .seconds(20)).count == 1)
            await pool.close()
        }
    }

    @Test("a connection that the server closed while it was idle is replaced unseen")
    func replaced() async throws {
        try await Database.with { database in
            let pool = PostgresPool(try database.url(), size: 2)
            for _ in 0..<3 {
                _ = try await pool.run(Self.one, deadline: .farAway)
                try await database.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'usersync/tests' AND datname = current_database()"
                )
                _ = try await eventually { try await open(database) == 0 }
            }
            try #expect(await pool.run(Self.one, deadline: .farAway).count == 1)
            await pool.close()
        }
    }

    @Test("a transaction that a closure left open is not given to the next")
    func leftOpen() async throws {
        try await Database.with("CREATE TABLE items (id int)") { database in
            let pool = PostgresPool(try database.url(), size: 1)
            _ = try await pool.use(deadline: .farAway) { session in
                try session.run([.once("BEGIN"), .once("INSERT INTO items VALUES (1)")], deadline: .farAway)
            }.get()
            try #expect(await pool.run([PostgresStatement("SELECT 1 FROM items")], deadline: .farAway).first?.isEmpty == true)
            await pool.close()
        }
    }

    @Test("once one meets an outage, those that were idle are not used again")
    func demoted() async throws {
        try await Database.with("CREATE TABLE items (id int)") { database in
            let pool = PostgresPool(try database.url(), size: 2)
            let ids = try await withThrowingTaskGroup(of: Int32.self, returning: Set<Int32>.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let found = try await pool.run(
                            [PostgresStatement("SELECT pg_backend_pid(), pg_sleep(0.2)")], deadline: .farAway)
                        return Int32(try found.first?.first?.int(0) ?? 0)
                    }
                }
                return try await group.reduce(into: []) { $0.insert($1) }
            }
            try #require(ids.count == 2)
            // What a server says that was the primary once.
            let error = await #expect(throws: PostgresError.self) {
                try await pool.run(
                    [.once("SET TRANSACTION READ ONLY"), PostgresStatement("INSERT INTO items VALUES (1)")], deadline: .farAway)
            }
            #expect(error?.sqlState == "25006")
            for _ in 0..<3 {
                let id = try await pool.run([PostgresStatement("SELECT pg_backend_pid()")], deadline: .farAway).first?.first?.int(
                    0)
                #expect(!ids.contains(Int32(id ?? 0)))
            }
            await pool.close()
        }
    }

    @Test("a server that crashed and came back is used again")
    func crash() async throws {
        let server = try PostgreSQLServer()
        defer { server.stop() }
        let pool = PostgresPool(try PostgresURL(server.url(), applicationName: "tests"), size: 2)
        _ = try await pool.run(Self.one, deadline: .farAway)
        try server.crash()
        #expect(await eventually { (try? await pool.run(Self.one, deadline: .now + .seconds(5))) != nil })
        await pool.close()
    }

    @Test("closed, it refuses who comes and who waits, and closes what is in use once that is done")
    func closed() async throws {
        try await Database.with { database in
            let pool = PostgresPool(try database.url(), size: 1)
            let (isHeld, goes) = (Shared(false), Shared(false))
            let holder = Task {
                _ = try await pool.use(deadline: .farAway) { _ in
                    isHeld.value = true
                    while !goes.value {}
                }
            }
            while !isHeld.value { await Task.yield() }
            let waiter = Task { try await pool.run(Self.one, deadline: .farAway) }
            while pool.figures.waiting == 0 { await Task.yield() }
            await pool.close()
            let refused = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(refused?.kind == .outage)
            await #expect(throws: PostgresError.self) { try await pool.run(Self.one, deadline: .farAway) }
            goes.value = true
            try await holder.value
            #expect(try await eventually { try await open(database) == 0 })
        }
    }

    @Test("more slow statements than the machine has cores run at once, and Swift's threads stay free")
    func threads() async throws {
        try await Database.with { database in
            let pool = PostgresPool(try database.url(), size: 24)
            let isOver = Shared(false)
            let beats = Task {
                var longest = Duration.zero
                while !isOver.value {
                    longest = max(longest, await ContinuousClock().measure { await Task.yield() })
                    try? await Task.sleep(for: .milliseconds(5))
                }
                return longest
            }
            let took = try await ContinuousClock().measure {
                try await withThrowingTaskGroup { group in
                    for _ in 0..<24 {
                        group.addTask { _ = try await pool.run([PostgresStatement("SELECT pg_sleep(1)")], deadline: .farAway) }
                    }
                    try await group.waitForAll()
                }
            }
            isOver.value = true
            // On two threads of Swift's they would take twelve.
            #expect(took < .seconds(8))
            #expect(await beats.value < .milliseconds(900))
            await pool.close()
        }
    }
}
