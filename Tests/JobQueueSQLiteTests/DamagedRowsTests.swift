import GRDB
import JobQueue
import JobQueueConformance
import SQLiteSupport
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Rows that something else has changed")
struct DamagedRowsTests {
    private static let numbers: [Int64] = [.max, .min, .max - 1, .min + 1, -1, 0, 1, 1 << 20, 1 << 32, 1 << 42, 1 << 53, 1 << 62]

    @Test(
        "any number and any bytes in any column never end the process: a call answers or throws",
        arguments: Property.seeds(known: [1, 2], fresh: 2))
    func anyNumber(_ seed: UInt64) async throws {
        for round in 0..<6 as Range<UInt64> {
            try await withSQLiteQueue(isSound: false) { fixture, queue in
                let jobs = try await Self.fill(queue, fixture)
                let statements = try await queue.read { db in
                    var random = SeededGenerator(seed: seed &+ round)
                    return try Self.damages(db, &random)
                }
                // Printed first: a trap leaves no other word.
                print("seed \(seed), round \(round): \(statements)")
                for statement in statements {
                    try? await queue.writer.alone { db in try db.execute(sql: statement) }
                }
                await Self.use(queue, jobs, fixture)
                let reopened = try? await QueueDriver.sqlite.killed(fixture)
                if let reopened = reopened as? SQLiteJobQueue { await Self.use(reopened, jobs, fixture) }
                await reopened?.close()
            }
        }
    }

    @Test("a tenant's id that is no UTF-8 does not keep a search going for ever")
    func notUTF8() async throws {
        try await withSQLiteQueue(isSound: false) { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 0)
            try await fixture.accept(queue, "b", users: 1)
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            try await queue.add(fixture.delivery("msg_2"), now: fixture.now)
            try await queue.writer.alone { db in
                try db.execute(sql: "UPDATE jobs SET tenant_id = CAST(x'ff' AS TEXT), phase = 1 WHERE tenant_id = 'b'")
                try db.execute(sql: "UPDATE deliveries SET destination = CAST(x'ff' AS TEXT) WHERE id = 'msg_2'")
            }
            #expect(try await Self.ending(queue) { try await queue.endable(limit: 9).map(\.id) } == [job.id])
            let leased = try await Self.ending(queue) { try await fixture.leaseDeliveries(queue) }
            #expect(leased.map(\.delivery.what.id) == ["msg_1"])
            #expect(try await queue.nextDelivery(after: Timestamp(microseconds: 0)) != nil)
        }
    }

    @Test("a webhook whose body is gone is leased like any other")
    func bodyGone() async throws {
        try await QueueDriver.sqlite.withQueue(isSound: false) { fixture, queue in
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            try await (queue as? SQLiteJobQueue)?.writer.alone { db in try db.execute(sql: "DELETE FROM delivery_bodies") }
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["msg_1"])
            #expect(try await queue.body(of: "msg_1") == nil)
        }
    }

    /// Runs a search, and makes one that does not end by itself fail: cancelling would not reach it.
    private static func ending<T: Sendable>(_ queue: SQLiteJobQueue, _ search: () async throws -> T) async throws -> T {
        let watch = Task {
            try await Task.sleep(for: .seconds(30))
            // Meets a statement that runs, sooner or later.
            while true {
                queue.pool.interrupt()
                queue.reader.interrupt()
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        defer { watch.cancel() }
        return try await search()
    }

    @Test("what is marked in a way that nobody knows is not deleted")
    func unknownMark() async throws {
        try await withSQLiteQueue(isSound: false) { fixture, queue in
            try await fixture.accept(queue, "a", users: 1)
            let key = try await queue.read { db in try db.sql("SELECT batch_key FROM jobs").first { $0.int64(0) } }
            try await queue.writer.alone { db in
                try db.execute(sql: "INSERT INTO leftovers (batch_key, kind) VALUES (\(key ?? 0), 9)")
            }
            try await queue.sweep([key ?? 0])
            #expect(try await fixture.lease(queue, "a").count == 1)
        }
    }

    @Test("a file whose last number leaves no room for another is refused at the start, saying what it is")
    func noNumbersLeft() async throws {
        for number in [Int64.max, 1 << 42, -5] {
            let place = try TemporaryDirectory()
            let path = place.path + "/q.sqlite"
            let clock = TestClock()
            await (try await SQLiteJobQueue.open(path: path, clock: clock.wallClock)).close()
            try await DatabaseQueue(path: path).write { db in
                try db.execute(sql: "INSERT INTO leftovers (batch_key, kind) VALUES (\(number), 0)")
                if number < 0 { try db.execute(sql: "UPDATE leftovers SET batch_key = \(Int64.min)") }
            }
            if number < 0 {
                // Below all that is handed out: nothing is in its way.
                await (try await SQLiteJobQueue.open(path: path, clock: clock.wallClock)).close()
            } else {
                let error = await #expect(throws: QueueError.self) {
                    _ = try await SQLiteJobQueue.open(path: path, clock: clock.wallClock)
                }
                guard case .unusable(let reason) = error else {
                    Issue.record("expected .unusable")
                    continue
                }
                #expect(reason.contains("\(number)"))
            }
        }
    }

    /// A queue with a job in every state that rows can stand in.
    private static func fill(_ queue: SQLiteJobQueue, _ fixture: QueueFixture) async throws -> [JobID] {
        var jobs: [JobID] = []
        jobs.append(try await fixture.accept(queue, "a", users: 250).id)
        try await fixture.work(queue, "a", failing: [3, 200], deliver: true)
        jobs.append(try await fixture.accept(queue, "a", users: 1).id)
        jobs.append(try await fixture.accept(queue, "b", users: 300).id)
        let turn = try await fixture.lease(queue, "b", 2)
        if let first = turn.first { _ = try await queue.finish([first.finished(deferring: [1, 2])], now: fixture.now) }
        if let second = turn.last {
            try await queue.retry(second.lease, at: fixture.now.advanced(bySeconds: 30), error: "busy", now: fixture.now)
        }
        jobs.append(try await fixture.accept(queue, "c", users: 200).id)
        let held = try await fixture.lease(queue, "c", 1)
        if let last = jobs.last { _ = try await queue.requestCancel(last, now: fixture.now) }
        await queue.release(held.map(\.lease))
        jobs.append(try await fixture.accept(queue, "d", users: 0).id)
        jobs.append(try await fixture.accept(queue, "f", users: 300).id)
        let pass = try await fixture.lease(queue, "f", 9)
        _ = try await queue.finish(pass.map { $0.finished(deferring: Set(0..<250)) }, now: fixture.now)
        await queue.release(try await fixture.lease(queue, "f", 1).map(\.lease))
        let upload = try await queue.openUpload()
        try await queue.append(batches(150), to: upload)
        return jobs
    }

    /// A few changes of columns that are no key.
    private static func damages(_ db: Database, _ random: inout SeededGenerator) throws -> [String] {
        let tables = [
            "jobs", "jobs", "jobs", "batches", "batches", "payloads", "results", "deferred", "leftovers", "deliveries",
            "tenants", "counters", "idempotency",
        ]
        return try (0..<Int.random(in: 1...4, using: &random)).map { _ in
            let table = tables.randomElement(using: &random) ?? "jobs"
            let columns = try Row.fetchAll(db, sql: "SELECT name, type FROM pragma_table_info('\(table)') WHERE pk = 0")
            let column = columns.randomElement(using: &random)
            let name: String = column?["name"] ?? "state"
            let type: String = column?["type"] ?? "INTEGER"
            let value =
                switch type {
                case "INTEGER": "\(numbers.randomElement(using: &random) ?? 0)"
                case "BLOB":
                    "x'"
                        + (0..<Int.random(in: 0...40, using: &random)).map { _ in
                            ["00", "ff", "01", "7f", "08", "0c"].randomElement(using: &random) ?? "00"
                        }.joined() + "'"
                default:
                    [
                        "''", "'x'", "NULL", "'[]'", "'{\"identity_conflict\":9223372036854775807}'",
                        "'[{\"batch\":9223372036854775807,\"attempt\":-9223372036854775808,\"at\":-9223372036854775808,\"error\":\"\"}]'",
                    ].randomElement(using: &random) ?? "''"
                }
            return "UPDATE \(table) SET \(name) = \(value)"
        }
    }

    /// Every call there is, errors passed over.
    private static func use(_ queue: SQLiteJobQueue, _ jobs: [JobID], _ fixture: QueueFixture) async {
        func attempt(_ body: () async throws -> Void) async { do { try await body() } catch {} }
        let later = fixture.now.advanced(bySeconds: 3600)
        for id in jobs {
            await attempt { _ = try await queue.job(id) }
            for status in ResultStatusFilter.allCases + [nil] {
                await attempt {
                    let page = try await queue.results(of: id, status: status, limit: 100, cursor: nil)
                    _ = try await queue.results(of: id, status: status, limit: 100, cursor: page.nextCursor)
                }
            }
            await attempt { _ = try await queue.deliveries(of: id) }
            await attempt { _ = try await queue.retryFailed(of: id, as: JobID(now: later), requestID: "r", now: later) }
        }
        await attempt {
            let page = try await queue.jobs(JobFilter(), limit: 2, cursor: nil)
            _ = try await queue.jobs(JobFilter(), limit: 2, cursor: page.nextCursor)
        }
        await attempt { _ = try await queue.deliveries(DeliveryFilter(), limit: 5, cursor: nil) }
        await attempt { _ = try await queue.statistics(now: later) }
        await attempt { _ = try await queue.nextRetry() }
        await attempt { _ = try await queue.nextDelivery(after: later) }
        await attempt { _ = try await queue.expireDeliveries(now: later, limit: 1) }
        await attempt { _ = try await queue.destinations(limit: 9) }
        await attempt {
            let due = try await queue.leaseDeliveries(DeliveryQuery(limit: 5), now: later, for: .seconds(60))
            await queue.release(Array(due.dropFirst(3)))
            for leased in due { _ = try await queue.body(of: leased.delivery.what.id) }
            for leased in due {
                try await queue.record(DeliveryAttempt(leased, at: later, status: 500, error: "no", next: .dead))
            }
        }
        for tenant in ["a", "b", "c", "d"] as [TenantID] {
            for _ in 0..<4 {
                await attempt {
                    let turn = try await queue.lease(
                        LeaseRequest(of: tenant, batches: 2, smallJobs: 3), now: later)
                    if let last = turn.last, turn.count > 1 {
                        try await queue.retry(last.lease, at: later, error: "busy", now: later)
                    }
                    if let first = turn.first { _ = try await queue.finish([first.finished(failing: [0])], now: later) }
                }
            }
        }
        await attempt { for job in try await queue.endable(limit: 10) { try await fixture.end(queue, job, deliver: true) } }
        await attempt {
            for id in try await queue.cancelling(limit: 10) + jobs {
                switch try await queue.requestCancel(id, now: later) {
                case .unknown, .ended: continue
                case .requested(_, let unstarted): _ = try await queue.drop(id, batches: unstarted, now: later)
                case .requestedInLastPass(_, let unstarted):
                    let ahead = [0, 7, 120].map { AppliedUser(index: $0, outcome: .updated, crmUserID: 1) }
                    _ = try await queue.drop(id, batches: unstarted, applied: [:], settledAhead: ahead, now: later)
                }
            }
        }
        await attempt { try await queue.ledgerForgotten(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 10)) }
        await attempt { _ = try await queue.prune(jobsBefore: later, keysBefore: later, limit: 10) }
        await attempt { try await queue.sweep(try await queue.leftovers()) }
        _ = await queue.makeRoom()
        await attempt { try await fixture.accept(queue, "e", users: 3) }
        _ = queue.admission()
    }
}
