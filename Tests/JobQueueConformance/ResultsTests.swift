import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Results")
struct ResultsTests {
    @Test("results come in index order, whatever order the batches were cut in", arguments: QueueDriver.all)
    func order(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            // One run of 5,000 users dealt out to 50 batches, then a second of 3,000.
            let cut =
                (0..<50).map { batch(Array(stride(from: $0, to: 5000, by: 50))) }
                + (0..<30).map { batch(Array(stride(from: 5000 + $0, to: 8000, by: 30))) }
            let job = try await queue.accept(fixture.newJob("a", users: 8000), upload: nil, batches: cut)
            try await fixture.work(queue, "a", failing: [0, 4999, 5000, 7999])
            for limit in [1000, 777] {
                let results = try await queue.allResults(of: job.id, limit: limit)
                #expect(results.map { Int($0.applied.index) } == Array(0..<8000))
            }
            let some = try await queue.results(of: job.id, status: nil, limit: 3, cursor: nil)
            #expect(some.items.map(\.userID) == ["u0", "u1", "u2"])
            #expect(some.items.map(\.email) == ["u0@example.com", "u1@example.com", "u2@example.com"])
            #expect(
                try some.items.at(0).applied
                    == AppliedUser(index: 0, outcome: .failed, code: .refusedByDatabase, detail: "refused"))
            #expect(try some.items.at(1).applied == AppliedUser(index: 1, outcome: .created, crmUserID: 1001))
            #expect(
                try await queue.allResults(of: job.id, status: .failed, limit: 2).map { Int($0.applied.index) } == [
                    0, 4999, 5000, 7999,
                ])
            #expect(try await queue.allResults(of: job.id, status: .created).count == 7996)
            #expect(try await queue.allResults(of: job.id, status: .updated).isEmpty)
        }
    }

    @Test("the status filter follows the guide's words", arguments: QueueDriver.all)
    func filters(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 6, size: 3)
            let turn = try await fixture.lease(queue, "a", 2)
            let outcomes: [UserOutcome] = [.created, .updated, .unchanged, .stale, .removed, .failed]
            let finished = turn.map { leased in
                FinishedBatch(
                    batch: leased, users: leased.payload.indices.map { AppliedUser(index: UInt32($0), outcome: outcomes[$0]) })
            }
            let ended = try await queue.finish(finished, now: fixture.now)
            #expect(try ended.at(0).counts.successful == 5)
            #expect(try await queue.allResults(of: job.id, status: .created, limit: 1).map(\.applied.outcome) == [.created])
            #expect(
                try await queue.allResults(of: job.id, status: .updated, limit: 1).map(\.applied.outcome)
                    == [.updated, .unchanged, .stale, .removed])
            #expect(try await queue.allResults(of: job.id, status: .failed, limit: 1).map(\.applied.outcome) == [.failed])
        }
    }

    @Test("a running job shows the results that are there, and pages go on over gaps", arguments: QueueDriver.all)
    func gaps(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 6000)
            #expect(try await queue.allResults(of: job.id).isEmpty)
            let turn = try await fixture.lease(queue, "a", 60)
            _ = try await queue.finish([turn.at(0).finished(), turn.at(59).finished()], now: fixture.now)
            let expected = Array(0..<100) + Array(5900..<6000)
            #expect(try await queue.allResults(of: job.id, limit: 60).map { Int($0.applied.index) } == expected)
            #expect(try await queue.allResults(of: job.id, status: .created, limit: 60).map { Int($0.applied.index) } == expected)
            _ = try await queue.finish([turn.at(1).finished()], now: fixture.now)
            #expect(
                try await queue.allResults(of: job.id, status: .created, limit: 60).count == 300, "a batch that ended since shows"
            )
        }
    }

    @Test("the last page has no cursor, and a cursor of something else is refused", arguments: QueueDriver.all)
    func cursors(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 4)
            try await fixture.work(queue, "a", failing: [1, 3])
            let all = try await queue.results(of: job.id, status: nil, limit: 4, cursor: nil)
            #expect(all.items.count == 4)
            #expect(all.nextCursor == nil)
            let failed = try await queue.results(of: job.id, status: .failed, limit: 2, cursor: nil)
            #expect(failed.items.count == 2)
            #expect(failed.nextCursor == nil)
            for cursor in ["", "x", "r", "r1.2", "j1.2", "r-zzzzzzzzzzzzzzzzzzzzzzzz", "r 1"] {
                await #expect(throws: QueueError.badCursor) {
                    _ = try await queue.results(of: job.id, status: nil, limit: 4, cursor: cursor)
                }
            }
            let unknown = try await queue.results(of: JobID(now: fixture.now), status: nil, limit: 4, cursor: nil)
            #expect(unknown.items.isEmpty)
        }
    }

    @Test("a batch that is ended with the records of some users tells of these alone, and counts all", arguments: QueueDriver.all)
    func someRecords(_ driver: QueueDriver) async throws {
        for kept in [[2, 3, 9], [9], []] as [Set<UInt32>] {
            try await driver.withQueue { fixture, queue in
                let job = try await fixture.accept(queue, "a", users: 10)
                let leased = try #require(try await fixture.lease(queue, "a").first)
                var finished = leased.finished(failing: [2, 3], deferring: kept.contains(9) ? [9] : [])
                finished.batch.payload = leased.payload.keeping(kept)
                _ = try await queue.finish([finished], now: fixture.now)
                #expect(try await queue.allResults(of: job.id).map(\.applied.index) == kept.subtracting([9]).sorted())
                // Who waits for the last pass comes then.
                let last = try await fixture.lease(queue, "a")
                #expect(last.map(\.payload.indices) == (kept.contains(9) ? [[9]] : []))
                if let last = last.first { _ = try await queue.finish([last.finished()], now: fixture.now) }
                let ended = try #require(try await queue.job(job.id))
                #expect(ended.counts.created == 8 && ended.counts.failed == 2 && ended.counts.cancelled == 0)
                #expect(try await queue.statistics(now: fixture.now).pendingUsers == 0)
            }
        }
    }
}
