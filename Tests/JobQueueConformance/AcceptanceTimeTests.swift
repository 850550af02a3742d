import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("The time of acceptance")
struct AcceptanceTimeTests {
    private static func accept(
        _ queue: any JobQueue, _ fixture: QueueFixture, _ tenantID: TenantID = "a", ahead: Double = 0, syncTime: Timestamp? = nil
    ) async throws -> Job {
        var new = fixture.newJob(tenantID, users: 1)
        new.acceptedAt = fixture.now.advanced(bySeconds: ahead)
        new.syncTime = syncTime
        return try await queue.accept(new, upload: nil, batches: batches(1))
    }

    @Test(
        "it is later than that of every job accepted before, whatever the clock says, and stands for a time that is not named",
        arguments: QueueDriver.all)
    func increases(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let named = fixture.now.advanced(bySeconds: -60)
            var jobs: [Job] = []
            for ahead in [0.0, 0, -3_600, 2, 1] {
                jobs.append(try await Self.accept(queue, fixture, jobs.count % 2 == 0 ? "a" : "b", ahead: ahead))
            }
            #expect(try jobs.at(0).acceptedAt == fixture.now && jobs.at(3).acceptedAt == fixture.now.advanced(bySeconds: 2))
            let reborn = try await driver.killed(fixture)
            for ahead in [-10.0, 0] { jobs.append(try await Self.accept(reborn, fixture, ahead: ahead)) }
            #expect(zip(jobs, jobs.dropFirst()).allSatisfy { $0.acceptedAt < $1.acceptedAt }, "\(jobs.map(\.acceptedAt))")
            #expect(jobs.allSatisfy { $0.syncTime == $0.acceptedAt })
            #expect(try await reborn.job(try jobs.at(5).id) == jobs.at(5))
            let last = try await Self.accept(reborn, fixture, syncTime: named)
            #expect(try last.syncTime == named && last.acceptedAt > jobs.at(6).acceptedAt)
            await reborn.close()
        }
    }

    @Test("a job that was refused does not hold back the time of those that follow", arguments: QueueDriver.all)
    func refused(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await Self.accept(queue, fixture)
            var again = fixture.newJob("a", users: 1)
            again.id = first.id
            await #expect { _ = try await queue.accept(again, upload: nil, batches: batches(1)) } throws: { $0.isRefused }
            fixture.clock.advance(1)
            #expect(try await Self.accept(queue, fixture).acceptedAt == fixture.now)
        }
    }

    @Test("where processes share a store, it is later whichever of them accepts", arguments: QueueDriver.shared)
    func shared(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let other = try await driver.joined(fixture)
            var jobs: [Job] = []
            // What one read from the clock before, it hands in after the other.
            for (queue, ahead) in [(queue, 0.0), (other, -5), (queue, -3), (other, 1), (queue, 0)] {
                jobs.append(try await Self.accept(queue, fixture, ahead: ahead))
            }
            #expect(zip(jobs, jobs.dropFirst()).allSatisfy { $0.acceptedAt < $1.acceptedAt && $0.syncTime < $1.syncTime })
            await other.close()
        }
    }

    @Test("after the clock was set back, an idempotency key is kept for a day from now", arguments: QueueDriver.all)
    func keys(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            _ = try await Self.accept(queue, fixture)
            fixture.clock.advance(-3_600)
            var new = fixture.newJob("a", users: 1)
            new.idempotency = NewJob.Idempotency(claim: try await fixture.claim(queue, "k"), bodyHash: [1])
            _ = try await queue.accept(new, upload: nil, batches: batches(1))
            fixture.clock.advance(24 * 3_600)
            _ = try await fixture.claim(queue, "k")
        }
    }
}
