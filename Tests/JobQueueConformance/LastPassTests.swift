import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("The last pass")
struct LastPassTests {
    @Test(
        "deferred users come after all others of the job, in index order across its batches, and before the next job",
        arguments: QueueDriver.all)
    func order(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            // Sorted by email, so to speak: even indices in the first batches, odd ones in the others.
            let cut = [Array(stride(from: 0, to: 200, by: 2)), Array(stride(from: 1, to: 200, by: 2))]
            let job = try await queue.accept(fixture.newJob("a", users: 200), upload: nil, batches: cut.map { batch($0) })
            let later = try await fixture.accept(queue, "a", users: 1)
            let deferring = Set(50..<180)
            let first = try await fixture.lease(queue, "a")
            #expect(try await queue.finish(first.map { $0.finished(deferring: deferring) }, now: fixture.now).isEmpty)
            let second = try await fixture.lease(queue, "a", 9)
            #expect(second.map(\.pass) == [.first])
            #expect(try await queue.finish(second.map { $0.finished(deferring: deferring) }, now: fixture.now).isEmpty)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 131)

            let last = try await fixture.lease(queue, "a", 9)
            #expect(last.map(\.pass) == [.conflicts, .conflicts])
            #expect(last.map(\.number) == [2, 3])
            #expect(last.map(\.payload.count) == [100, 30])
            #expect(last.flatMap(\.payload.indices) == Array(50..<180))
            #expect(try last.at(0).payload == payload(50..<150), "the records as they were sent")
            let present = try #require(try await queue.job(job.id))
            #expect(present.batches == 4)
            #expect(present.batchesDone == 2)
            let ended = try await queue.finish(last.map { $0.finished(failing: [60], outcome: .updated) }, now: fixture.now)
            #expect(ended.map(\.id) == [job.id])
            #expect(try ended.at(0).counts.created == 70)
            #expect(try ended.at(0).counts.updated == 129)
            #expect(try ended.at(0).failedCodes == ["refused_by_database": 1])
            #expect(try await fixture.lease(queue, "a").map(\.jobID) == [later.id])
            #expect(try await queue.allResults(of: job.id).map { Int($0.applied.index) } == Array(0..<200))
        }
    }

    @Test("deferred users are cut as they are leased, also after a kill", arguments: QueueDriver.all)
    func stepwise(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 250)
            let turn = try await fixture.lease(queue, "a", 9)
            _ = try await queue.finish(turn.map { $0.finished(deferring: Set(0..<250)) }, now: fixture.now)
            let one = try await fixture.lease(queue, "a")
            #expect(one.map(\.payload.indices) == [Array(0..<100)])
            let reborn = try await driver.killed(fixture)
            let again = try await fixture.lease(reborn, "a", 9)
            #expect(again.map(\.number) == [3], "what was cut comes first")
            _ = try await reborn.finish(again.map { $0.finished() }, now: fixture.now)
            let rest = try await fixture.lease(reborn, "a", 9)
            #expect(rest.map(\.payload.count) == [100, 50])
            let ended = try await reborn.finish(rest.map { $0.finished() }, now: fixture.now)
            #expect(ended.first?.counts.created == 250)
            await reborn.close()
        }
    }

    @Test(
        "a user deferred once more in the last pass, or without any outcome, counts as cancelled: no job hangs",
        arguments: QueueDriver.all)
    func noSecondPass(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 10)
            let turn = try await fixture.lease(queue, "a")
            _ = try await queue.finish(turn.map { $0.finished(deferring: [1, 2]) }, now: fixture.now)
            let last = try await fixture.lease(queue, "a")
            let ended = try await queue.finish(last.map { $0.finished(deferring: [1]) }, now: fixture.now)
            #expect(ended.first?.counts.cancelled == 1)
            #expect(ended.first?.counts.settled == 10)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 0)
        }
    }
}
