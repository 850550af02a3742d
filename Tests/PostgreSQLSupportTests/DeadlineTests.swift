import PostgreSQLTestServer
import Testing

@testable import PostgreSQLSupport

@Suite("Deadlines and cancellation", .needsPostgreSQL)
struct DeadlineTests {
    private static let sleep = [PostgresStatement("SELECT pg_sleep(60)")]
    private static let one = [PostgresStatement("SELECT 1")]

    private func time(_ body: () async throws -> Void) async rethrows -> Duration { try await ContinuousClock().measure(body) }

    @Test("a statement past its deadline is given up, and the connection goes on")
    func slow() async throws {
        try await Database.with { database in
            let connection = try await database.connect()
            let took = await time {
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run(Self.sleep, deadline: .now + .milliseconds(100))
                }
                #expect(error?.kind == .deadline && error?.sqlState == "57014")
            }
            #expect(took < .seconds(20))
            try #expect(await connection.run(Self.one, deadline: .farAway).count == 1)
        }
    }

    @Test("a network that falls silent is an outage after the deadline and a second", arguments: [Proxy.Mode.drop, .hold])
    func silent(mode: Proxy.Mode) async throws {
        try await Database.with { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            let connection = try await database.connect(host: proxy.host)
            _ = try await connection.run(Self.one, deadline: .farAway)
            proxy.set(mode)
            let took = await time {
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run(Self.one, deadline: .now + .milliseconds(200))
                }
                #expect(error?.kind == .outage)
            }
            #expect(took > .milliseconds(1100) && took < .seconds(20))
            #expect(await connection.handBack() == .failed)
        }
    }

    @Test("a server that is stopped is an outage after the deadline and a second")
    func stopped() async throws {
        try await Database.with { database in
            let connection = try await database.connect()
            let processID = try await connection.processID()
            await PostgreSQLServer.whileStopped(processID) {
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run(Self.one, deadline: .now + .milliseconds(200))
                }
                #expect(error?.kind == .outage)
            }
        }
    }

    @Test("a server that says nothing while we connect is an outage at the deadline", arguments: [Proxy.Mode.drop, .hold])
    func connecting(mode: Proxy.Mode) async throws {
        try await Database.with { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            proxy.set(mode)
            let url = try database.url(host: proxy.host)
            let took = await time {
                let error = await #expect(throws: PostgresError.self) {
                    try await PostgresConnection.open(url, deadline: .now + .milliseconds(300))
                }
                #expect(error?.kind == .outage)
            }
            #expect(took > .milliseconds(290) && took < .seconds(20))
        }
    }

    @Test("of two hosts, a silent one leaves the other its share of the time")
    func silentHost() async throws {
        try await Database.with { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            proxy.set(.hold)
            let hosts = "\(proxy.host),\(database.server.socketFolder)"
            let url = try PostgresURL(
                "postgres://postgres@/\(database.name)?host=\(hosts)&port=\(PostgreSQLServer.port)", applicationName: "tests")
            let connection = try await PostgresConnection.open(url, deadline: .now + .seconds(4))
            _ = try await connection.run(Self.one, deadline: .farAway)
        }
    }

    @Test("cancelling the task gives the statement up at once, and the connection goes on")
    func cancelled() async throws {
        try await Database.with { database in
            let connection = try await database.connect()
            let processID = try await connection.processID()
            let task = Task { try await connection.run(Self.sleep, deadline: .farAway) }
            let isRunning = "SELECT 1 FROM pg_stat_activity WHERE pid = \(processID) AND wait_event = 'PgSleep'"
            while try await database.run(isRunning).isEmpty {}
            let took = try await time {
                task.cancel()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.kind == .cancelled)
                try #expect(await connection.run(Self.one, deadline: .farAway).count == 1)
            }
            #expect(took < .seconds(20))
        }
    }

    @Test("a task that was cancelled before sends nothing")
    func cancelledBefore() async throws {
        try await Database.with("CREATE TABLE items (id int)") { database in
            let connection = try await database.connect()
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await connection.run([PostgresStatement("INSERT INTO items VALUES (1)")], deadline: .farAway)
            }
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            try #expect(await database.run("SELECT * FROM items").isEmpty)
        }
    }

    @Test("cancelling ends the wait for a connection that does not come about")
    func cancelledConnecting() async throws {
        try await Database.with { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            proxy.set(.hold)
            let url = try database.url(host: proxy.host)
            let task = Task { try await PostgresConnection.open(url, deadline: .farAway) }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
        }
    }

    @Test("cancelling where the server hears nothing of it closes the connection within a second")
    func cancelledInSilence() async throws {
        try await Database.with { database in
            let proxy = try Proxy(to: database.server)
            defer { proxy.close() }
            let connection = try await database.connect(host: proxy.host)
            proxy.set(.drop)
            let task = Task { try await connection.run(Self.one, deadline: .farAway) }
            try await Task.sleep(for: .milliseconds(100))
            let took = await time {
                task.cancel()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.kind == .cancelled)
            }
            #expect(took < .seconds(20))
            let next = await #expect(throws: PostgresError.self) { try await connection.run(Self.one, deadline: .farAway) }
            #expect(next?.kind == .outage)
        }
    }

    @Test("a cancel that comes too late does not hit the next statement")
    func lateCancel() async throws {
        try await Database.with { database in
            let connection = try await database.connect()
            for _ in 0..<60 {
                let pause = Duration.microseconds(Int.random(in: 0..<3000))
                let task = Task {
                    try await connection.run([PostgresStatement("SELECT pg_sleep(0.001)")], deadline: .farAway)
                }
                try await Task.sleep(for: pause)
                task.cancel()
                if case .failure(let error as PostgresError) = await task.result { #expect(error.kind == .cancelled) }
                try #expect(await connection.run(Self.one, deadline: .farAway).count == 1)
            }
        }
    }
}
