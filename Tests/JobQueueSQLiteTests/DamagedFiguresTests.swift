import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

/// The tables `counters` and `tenants` hold what could be counted: they keep nobody from anything.
@Suite("Figures that something else has changed")
struct DamagedFiguresTests {
    /// A figure, and the values it is given.
    struct Damage: Sendable, CustomTestStringConvertible {
        var table: String
        var column: String
        var testDescription: String { "\(table).\(column)" }

        static let all: [Damage] =
            [
                "queued", "running", "completed", "completed_with_errors", "failed", "cancelled", "pending_users",
                "deliveries_pending", "deliveries_delivered", "deliveries_dead",
            ].map { Damage(table: "counters", column: $0) }
            + ["open_jobs", "pending_users"].map { Damage(table: "tenants", column: $0) }

        static let values = ["9223372036854775807", "-9223372036854775808", "x'00ff'"]

        /// Writes it, of whatever type it is: as a page that has gone bad may read.
        func write(_ value: String, _ queue: SQLiteJobQueue) async throws {
            let (table, column) = (table, column)
            try await queue.writer.alone { db in
                let sql = try String.fetchOne(db, sql: "SELECT sql FROM sqlite_schema WHERE name = ?", arguments: [table]) ?? ""
                let loose = sql.replacing("STRICT, ", with: "").replacing("STRICT", with: "")
                for (sql, change) in [(loose, "UPDATE \(table) SET \(column) = \(value)"), (sql, "")] {
                    try db.execute(sql: "PRAGMA writable_schema = ON")
                    try db.execute(sql: "UPDATE sqlite_schema SET sql = ? WHERE name = ?", arguments: [sql, table])
                    try db.execute(sql: "PRAGMA writable_schema = RESET")
                    try db.execute(sql: change)
                }
            }
        }
    }

    @Test("whatever a figure is, all that is asked of a running queue is done, and a start counts it anew", arguments: Damage.all)
    func running(_ damage: Damage) async throws {
        for value in Damage.values {
            try await withSQLiteQueue(isSound: false) { fixture, queue in
                let past = try await fixture.accept(queue, "a", users: 2)
                try await fixture.work(queue, "a", failing: [0], deliver: true)
                try await fixture.accept(queue, "b", users: 3)
                try await damage.write(value, queue)
                try await use(queue, past, fixture)
                if damage.table == "counters" { #expect(try await queue.audit() == [], "\(value), running") }
                try await restart(fixture, "\(value), after use")
            }
        }
    }

    @Test("whatever a figure is, a start counts it anew, and everything that is asked then is done", arguments: Damage.all)
    func atStart(_ damage: Damage) async throws {
        for value in Damage.values {
            try await withSQLiteQueue(isSound: false) { fixture, queue in
                let past = try await fixture.accept(queue, "a", users: 2)
                try await fixture.work(queue, "a", failing: [0], deliver: true)
                try await fixture.accept(queue, "b", users: 3)
                try await damage.write(value, queue)
                try await restart(fixture, "\(value), at the start") { next in
                    #expect(try await next.statistics(now: fixture.now).pendingUsers == 3)
                    #expect(next.admission() == .open)
                    try await use(next, past, fixture)
                    #expect(try await next.audit() == [], "\(value), used after the start")
                }
            }
        }
    }

    @Test("users of a job that cannot be are neither cancelled nor make room for others")
    func figuresOfAJob() async throws {
        for value in [1 << 62, -(1 << 62), 7] {
            try await withSQLiteQueue(isSound: false) { fixture, queue in
                let job = try await fixture.accept(queue, "a", users: 150)
                try await fixture.accept(queue, "b", users: 3)
                for column in ["deferred", "created", "failed"] {
                    try await queue.writer.alone { db in
                        try db.execute(sql: "UPDATE jobs SET \(column) = \(value) WHERE tenant_id = 'a'")
                    }
                }
                try await queue.writer.alone { db in
                    try db.execute(sql: "UPDATE batches SET users = \(value) WHERE first_index > 0")
                }
                let unstarted: [Int]
                switch try await queue.requestCancel(job.id, now: fixture.now) {
                case .requested(_, let open), .requestedInLastPass(_, let open): unstarted = open
                default: unstarted = []
                }
                if let endable = try await queue.drop(job.id, batches: unstarted, now: fixture.now) {
                    try await fixture.end(queue, endable)
                }
                let ended = try #require(try await queue.job(job.id))
                #expect((0...150).contains(ended.counts.cancelled), "\(value): \(ended.counts)")
                let pending = try await queue.statistics(now: fixture.now).pendingUsers
                #expect((0...153).contains(pending), "\(value): \(pending)")
            }
        }
    }

    @Test("figures that are counted anew are told once; sound ones are not counted")
    func told() async throws {
        let place = try TemporaryDirectory()
        let path = place.path + "/q.sqlite"
        let clock = TestClock()
        let told = Shared<[String]>([])
        func open() async throws -> SQLiteJobQueue {
            try await SQLiteJobQueue.open(path: path, clock: clock.wallClock) { told.value.append($0) }
        }
        for change in [
            "DELETE FROM counters", "INSERT INTO tenants VALUES ('nobody', 1, 5)",
            "UPDATE counters SET pending_users = 7, queued = 1", "UPDATE counters SET completed = 1",
        ] {
            await (try await open()).close()
            #expect(told.value == [])
            try await DatabaseQueue(path: path).write { db in try db.execute(sql: change) }
            let queue = try await open()
            #expect(told.value.count == 1 && told.value[0].contains("counted anew"), "\(change): \(told.value)")
            #expect(try await queue.audit() == [], "\(change)")
            #expect(try await queue.statistics(now: clock.now).pendingUsers == 0)
            await queue.close()
            told.value = []
        }
    }

    /// Accepts, works, retries, cancels and sends again: each must be done.
    private func use(_ queue: SQLiteJobQueue, _ past: Job, _ fixture: QueueFixture) async throws {
        let tenants: [TenantID] = ["b", "c"]
        // One whose figures stand in the file, one of whom nothing does.
        for tenant in tenants { try await fixture.accept(queue, tenant, users: 1) }
        for tenant in tenants { try await fixture.work(queue, tenant, deliver: true) }
        let retry = try await queue.retryFailed(of: past.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now)
        guard case .linked(_, existing: false) = retry else {
            Issue.record("expected a linked job, not \(retry)")
            return
        }
        try await fixture.work(queue, "a")
        let dropped = try await fixture.accept(queue, "d", users: 150)
        guard case .requested(_, let unstarted) = try await queue.requestCancel(dropped.id, now: fixture.now) else {
            Issue.record("expected .requested")
            return
        }
        let endable = try #require(try await queue.drop(dropped.id, batches: unstarted, now: fixture.now))
        #expect(try await fixture.end(queue, endable))
        let due = try await fixture.leaseDeliveries(queue)
        #expect(due.count == 4)
        for leased in due {
            try await queue.record(DeliveryAttempt(leased, at: fixture.now, status: 500, error: "no", next: .dead))
            #expect(try await queue.redeliver(leased.delivery.what.id, now: fixture.now))
        }
        for leased in try await fixture.leaseDeliveries(queue) {
            try await queue.record(DeliveryAttempt(leased, at: fixture.now, status: 200, error: nil, next: .delivered))
        }
        for job in try await queue.jobs(JobFilter(), limit: 20, cursor: nil).items { #expect(job.state.isEnd) }
    }

    private func restart(
        _ fixture: QueueFixture, _ when: String, _ body: (SQLiteJobQueue) async throws -> Void = { _ in }
    ) async throws {
        let next = try await QueueDriver.sqlite.killed(fixture)
        let queue = try #require(next as? SQLiteJobQueue)
        #expect(try await queue.audit() == [], "\(when)")
        try await body(queue)
        await queue.close()
    }
}
