import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("What is kept of webhooks' destinations")
struct DestinationRecordTests {
    @Test("the last that was learnt of each is kept, also beyond a kill, the newest first", arguments: QueueDriver.all)
    func kept(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            #expect(try await queue.destinations(limit: 9) == [])
            func record(_ name: String, _ rate: Double?, held seconds: Double?) -> DestinationRecord {
                DestinationRecord(
                    destination: "https://\(name)", rate: rate, heldUntil: seconds.map { fixture.now.advanced(bySeconds: $0) },
                    learntAt: fixture.now)
            }
            try await queue.remember([record("a", 19.4, held: nil), record("b", nil, held: 3600)])
            fixture.clock.advance(1)
            let newer = [record("a", 0.2, held: 86_400)]
            try await queue.remember(newer)
            fixture.clock.advance(1)
            let newest = [record("c", 999.999, held: nil)]
            try await queue.remember(newest)
            try await queue.remember([])
            let all = try await queue.destinations(limit: 9)
            #expect(all.map(\.destination) == ["https://c", "https://a", "https://b"])
            #expect(Array(all.prefix(2)) == newest + newer)
            #expect(try await queue.destinations(limit: 1) == newest)
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.destinationsHeld == 2 && statistics.destinationsHeldUntil == newer[0].heldUntil)
            let later = try await queue.statistics(now: fixture.now.advanced(bySeconds: 86_400))
            #expect(later.destinationsHeld == 0 && later.destinationsHeldUntil == nil)
            let next = try await driver.killed(fixture)
            #expect(try await next.destinations(limit: 9) == all)
            await next.close()
        }
    }

    @Test("what has not been learnt anew for as long as jobs are kept is forgotten", arguments: QueueDriver.all)
    func pruned(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for name in ["a", "b"] {
                try await queue.remember([
                    DestinationRecord(destination: name, rate: 5, heldUntil: nil, learntAt: fixture.now)
                ])
                fixture.clock.advance(60)
            }
            let before = fixture.now.advanced(bySeconds: -60)
            _ = try await queue.prune(jobsBefore: before, keysBefore: before, limit: 9)
            #expect(try await queue.destinations(limit: 9).map(\.destination) == ["b"])
        }
    }

    @Test(
        "whoever has dead ones sent again is told how many wait for their destination, and until when",
        arguments: QueueDriver.all)
    func redelivered(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for (n, host) in ["held", "held", "over", "longer", "free"].enumerated() {
                try await queue.add(fixture.delivery("msg_\(n)", host: host), now: fixture.now)
                try await fixture.attempt(queue, "msg_\(n)", .dead)
            }
            func record(_ host: String, _ seconds: Double?) -> DestinationRecord {
                DestinationRecord(
                    destination: "https://\(host)", rate: 1, heldUntil: seconds.map { fixture.now.advanced(bySeconds: $0) },
                    learntAt: fixture.now)
            }
            try await queue.remember([record("held", 600), record("over", 5), record("longer", 900), record("free", nil)])
            fixture.clock.advance(5)
            let end = fixture.now.advanced(bySeconds: 895)
            let first = try await queue.redeliverDead(ofJob: nil, ofTenant: nil, limit: 3, cursor: nil, now: fixture.now)
            #expect(first.count == 3 && first.waiting == 2 && first.waitsUntil == end.advanced(bySeconds: -300))
            let rest = try await queue.redeliverDead(
                ofJob: nil, ofTenant: nil, limit: 3, cursor: first.nextCursor, now: fixture.now)
            #expect(rest.count == 2 && rest.waiting == 1 && rest.waitsUntil == end)
            #expect(fixture.events.take().deliveriesWanted.count == 5, "as they were added, and not again")
        }
    }
}
