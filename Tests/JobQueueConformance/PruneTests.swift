import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Retention")
struct PruneTests {
    private static let week: Double = 7 * 24 * 3600

    @Test("ended jobs go after their time, with all that belongs to them", arguments: QueueDriver.all)
    func prune(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let old = try await fixture.accept(queue, "a", users: 7000)
            try await fixture.work(queue, "a", failing: [1], deliver: true)
            try await fixture.attempt(queue, "msg_\(old.id)", .delivered, status: 200)
            fixture.clock.advance(1)
            let young = try await fixture.accept(queue, "a", users: 1)
            try await fixture.work(queue, "a")
            let open = try await fixture.accept(queue, "b", users: 1)
            try await queue.ledgerForgotten([old.id, young.id])
            let before = try #require(try await queue.job(young.id)?.endedAt)
            #expect(try await queue.prune(jobsBefore: before, keysBefore: before, limit: 10) == 1)
            #expect(try await queue.job(old.id) == nil)
            #expect(try await queue.delivery("msg_\(old.id)") == nil)
            #expect(try await queue.allResults(of: old.id).isEmpty)
            #expect(try await queue.allJobs().map(\.id) == [open.id, young.id])
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.jobs[.completedWithErrors] == 0)
            #expect(statistics.jobs[.completed] == 1)
            guard
                case .unknown = try await queue.retryFailed(
                    of: old.id, as: JobID(now: fixture.now), requestID: "", now: fixture.now)
            else {
                Issue.record("expected .unknown")
                return
            }
        }
    }

    @Test("a job with an open delivery stays, as does one whose ledger was not forgotten", arguments: QueueDriver.all)
    func stays(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let undelivered = try await fixture.accept(queue, "a", users: 1)
            try await fixture.work(queue, "a", deliver: true)
            let ledgered = try await fixture.accept(queue, "a", users: 1)
            try await fixture.work(queue, "a")
            try await queue.ledgerForgotten([undelivered.id])
            fixture.clock.advance(Self.week)
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 10) == 0)
            try await fixture.attempt(queue, "msg_\(undelivered.id)", .dead, error: "refused")
            try await queue.ledgerForgotten([ledgered.id])
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 10) == 2)
            #expect(try await queue.statistics(now: fixture.now).deliveriesDead == 0)
        }
    }

    @Test("a job whose results are kept for a reader stays, and holds back no other", arguments: QueueDriver.all)
    func read(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var made: [JobID] = []
            for _ in 0..<3 { made.append(try await fixture.accept(queue, "a", users: 1).id) }
            try await fixture.work(queue, "a")
            try await queue.ledgerForgotten(made)
            fixture.clock.advance(1)
            var first = queue.keepResults(of: made[0])
            var second = queue.keepResults(of: made[0])
            #expect(first != nil && second != nil)
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 1) == 1)
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 5) == 1)
            #expect(try await queue.allJobs().map(\.id) == [made[0]])
            first = nil
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 5) == 0, "one reads still")
            second = nil
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 5) == 1)
            #expect(try await queue.allJobs().isEmpty)
        }
    }

    @Test("at most so many jobs go in one call, the first ended first", arguments: QueueDriver.all)
    func limit(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var made: [JobID] = []
            for _ in 0..<250 { made.append(try await fixture.accept(queue, "a", users: 1).id) }
            try await fixture.work(queue, "a")
            try await queue.ledgerForgotten(made)
            fixture.clock.advance(1)
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 230) == 230)
            #expect(try await queue.allJobs(limit: 100).map(\.id) == made.suffix(20).reversed())
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 230) == 20)
        }
    }

    @Test("idempotency keys and test deliveries go by their age", arguments: QueueDriver.all)
    func others(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let hash: [UInt8] = Array(repeating: 1, count: 32)
            for key in ["old", "young"] {
                let new = fixture.newJob(
                    "a", users: 1, idempotency: .init(claim: try await fixture.claim(queue, key), bodyHash: hash))
                _ = try await queue.accept(new, upload: nil, batches: batches(1))
                try await queue.add(fixture.delivery("msg_\(key)"), now: fixture.now)
                try await fixture.attempt(queue, "msg_\(key)", .delivered, status: 200)
                fixture.clock.advance(10)
            }
            let between = fixture.now.advanced(bySeconds: -10)
            _ = try await queue.prune(jobsBefore: between, keysBefore: between, limit: 10)
            _ = try await fixture.claim(queue, "old")
            guard case .known = try await queue.claim(tenantID: "a", path: "/sync", key: "young", now: fixture.now) else {
                Issue.record("expected .known")
                return
            }
            #expect(try await queue.delivery("msg_old") == nil)
            #expect(try await queue.delivery("msg_young") != nil)
        }
    }
}
