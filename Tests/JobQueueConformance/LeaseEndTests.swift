import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("The end of leases")
struct LeaseEndTests {
    private static func request(_ tenantID: TenantID, batches: Int = 1, seconds: Double) -> LeaseRequest {
        var request = LeaseRequest(of: tenantID, batches: batches)
        request.seconds = seconds
        return request
    }

    @Test("a lease lasts as long as it says, or as long as its process if it says nothing", arguments: QueueDriver.all)
    func end(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 100)
            let start = fixture.now
            let turn = try await queue.lease(Self.request("a", seconds: 10), now: start)
            let end = try turn.at(0).expiresAt
            fixture.clock.advance(9.9)
            #expect(try await queue.renew([], for: 10, now: fixture.now).isEmpty)
            fixture.clock.advance(0.2)
            let finished = try await queue.finish(turn.map { $0.finished() }, now: fixture.now, ending: { _ in nil })
            guard let end else { return #expect(finished.lost.isEmpty && finished.endable.map(\.id) == [job.id]) }
            #expect(end == start.advanced(bySeconds: 10))
            #expect(finished.lost == turn.map(\.lease), "over, although nobody has taken the batch since")
            #expect(try await queue.job(job.id) == job)
            await #expect(throws: QueueError.leaseLost) {
                try await queue.retry(turn.at(0).lease, at: fixture.now, error: "late", now: fixture.now)
            }
        }
    }

    @Test("a lease is counted by the store's clock, whatever time its caller read before", arguments: QueueDriver.shared)
    func clock(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 100)
            func read() -> Timestamp { fixture.now.advanced(bySeconds: -8) }
            let turn = try await queue.lease(Self.request("a", seconds: 10), now: read())
            #expect(try turn.at(0).expiresAt == fixture.now.advanced(bySeconds: 10))
            fixture.clock.advance(9.9)
            #expect(try await queue.renew(turn.map(\.lease), for: 10, now: read()).isEmpty)
            fixture.clock.advance(9.9)
            #expect(try await queue.finish(turn.map { $0.finished() }, now: fixture.now).map(\.id) == [job.id])
        }
    }

    @Test("batches whose leases ran out are ready again, for another process too", arguments: QueueDriver.shared)
    func takeover(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let other = try await driver.joined(fixture)
            let job = try await fixture.accept(queue, "a", users: 200)
            let late = try await queue.lease(Self.request("a", batches: 2, seconds: 10), now: fixture.now)
            #expect(try await fixture.lease(other, "a").isEmpty, "held by the first")
            fixture.clock.advance(9.9)
            #expect(try await other.readyTenants(now: fixture.now, limit: 9).isEmpty)
            fixture.clock.advance(0.2)
            #expect(try await other.readyTenants(now: fixture.now, limit: 9) == ["a"])
            let taken = try await fixture.lease(other, "a", 2)
            #expect(taken.map(\.number) == [0, 1] && taken.map(\.attempts) == [0, 0])
            #expect(Set(taken.map(\.lease)).isDisjoint(with: late.map(\.lease)))
            // The first comes late, and takes nothing from the second.
            #expect(try await queue.renew(late.map(\.lease), for: 10, now: fixture.now) == late.map(\.lease))
            await queue.unlock(late.map(\.lease))
            await queue.release(late.map(\.lease))
            let finished = try await queue.finish(late.map { $0.finished() }, now: fixture.now, ending: { _ in nil })
            #expect(finished.lost == late.map(\.lease))
            #expect(try await fixture.lease(queue, "a").isEmpty, "held by the second")
            #expect(try await other.finish(taken.map { $0.finished() }, now: fixture.now).map(\.id) == [job.id])
            await other.close()
        }
    }

    @Test("a renewed lease lasts on; one that ran out is not brought back", arguments: QueueDriver.shared)
    func renewal(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let other = try await driver.joined(fixture)
            for tenant in ["a", "b"] as [TenantID] { try await fixture.accept(queue, tenant, users: 100) }
            let kept = try await queue.lease(Self.request("a", seconds: 10), now: fixture.now)
            let left = try await queue.lease(Self.request("b", seconds: 10), now: fixture.now)
            for _ in 0..<5 {
                fixture.clock.advance(4)
                #expect(try await queue.renew(kept.map(\.lease), for: 10, now: fixture.now).isEmpty)
            }
            // A shorter wish does not shorten it.
            #expect(try await queue.renew(kept.map(\.lease), for: 1, now: fixture.now).isEmpty)
            fixture.clock.advance(9)
            #expect(try await queue.renew((kept + left).map(\.lease), for: 10, now: fixture.now) == left.map(\.lease))
            #expect(try await fixture.lease(other, "a").isEmpty)
            #expect(try await fixture.lease(other, "b").count == 1)
            #expect(try await other.renew(kept.map(\.lease), for: 10, now: fixture.now) == kept.map(\.lease), "not its own")
            #expect(try await queue.finish(kept.map { $0.finished() }, now: fixture.now).count == 1)
            await other.close()
        }
    }

    @Test("a batch of a cancelled job whose lease ran out is there to be dropped", arguments: QueueDriver.shared)
    func cancelled(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let other = try await driver.joined(fixture)
            let job = try await fixture.accept(queue, "a", users: 100)
            _ = try await queue.lease(Self.request("a", seconds: 10), now: fixture.now)
            guard case .requested(_, let unstarted) = try await other.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            #expect(unstarted.isEmpty, "it is held")
            #expect(try await other.cancelling(limit: 9).isEmpty)
            fixture.clock.advance(10)
            #expect(try await other.cancelling(limit: 9) == [job.id])
            #expect(try await other.drop(job.id, batches: [0], now: fixture.now)?.counts.cancelled == 100)
            await other.close()
        }
    }
}
