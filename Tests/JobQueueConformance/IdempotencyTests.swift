import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Idempotency keys")
struct IdempotencyTests {
    private static let hash: [UInt8] = Array(repeating: 7, count: 32)

    private static func idempotency(_ claim: KeyClaim) -> NewJob.Idempotency {
        NewJob.Idempotency(claim: claim, bodyHash: hash)
    }

    @Test("a key is claimed once while its request arrives, and free again when released", arguments: QueueDriver.all)
    func claims(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await fixture.claim(queue, "k")
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .arriving)
            _ = try await fixture.claim(queue, "k", of: "b")
            _ = try await fixture.claim(queue, "k", path: "/remove")
            await queue.releaseClaim(first)
            let second = try await fixture.claim(queue, "k")
            #expect(first != second)
            await queue.releaseClaim(first)
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .arriving, "the second's")
        }
    }

    @Test("a key is recorded with its job, known after a kill, and forgotten after 24 hours", arguments: QueueDriver.all)
    func known(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let new = fixture.newJob("a", users: 1, idempotency: Self.idempotency(try await fixture.claim(queue, "k")))
            _ = try await queue.accept(new, upload: nil, batches: batches(1))
            let known = IdempotencyClaim.known(job: new.id, bodyHash: Self.hash)
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == known)
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == known)
            _ = try await fixture.claim(queue, "k", of: "b")
            _ = try await fixture.claim(queue, "k", path: "/remove")
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == known)
            await reborn.close()
            fixture.clock.advance(24 * 3600)
            let again = fixture.newJob("a", users: 1, idempotency: Self.idempotency(try await fixture.claim(queue, "k")))
            _ = try await queue.accept(again, upload: nil, batches: batches(1))
            #expect(
                try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now)
                    == .known(job: again.id, bodyHash: Self.hash))
        }
    }

    @Test("a known key is known to all who ask at once", arguments: QueueDriver.all)
    func knownAtOnce(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let new = fixture.newJob("a", users: 1, idempotency: Self.idempotency(try await fixture.claim(queue, "k")))
            _ = try await queue.accept(new, upload: nil, batches: batches(1))
            let now = fixture.now
            let answers = try await withThrowingTaskGroup(of: IdempotencyClaim.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: now) }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(answers == [.known(job: new.id, bodyHash: Self.hash)])
        }
    }

    @Test("a key whose job was refused is not recorded", arguments: QueueDriver.all)
    func refused(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let claim = try await fixture.claim(queue, "k")
            let wrong = fixture.newJob("a", users: 5, idempotency: Self.idempotency(claim))
            await #expect { _ = try await queue.accept(wrong, upload: nil, batches: batches(1)) } throws: { $0.isRefused }
            await queue.releaseClaim(claim)
            _ = try await fixture.claim(queue, "k")
        }
    }

    @Test("two jobs are never accepted under one claim, nor any under a claim given back", arguments: QueueDriver.all)
    func once(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let claim = try await fixture.claim(queue, "k")
            _ = try await queue.accept(
                fixture.newJob("a", users: 1, idempotency: Self.idempotency(claim)), upload: nil, batches: batches(1))
            let second = fixture.newJob("a", users: 1, idempotency: Self.idempotency(claim))
            await #expect(throws: QueueError.claimLost) { _ = try await queue.accept(second, upload: nil, batches: batches(1)) }
            let given = try await fixture.claim(queue, "l")
            await queue.releaseClaim(given)
            let next = try await fixture.claim(queue, "l")
            let third = fixture.newJob("a", users: 1, idempotency: Self.idempotency(given))
            await #expect(throws: QueueError.claimLost) { _ = try await queue.accept(third, upload: nil, batches: batches(1)) }
            for refused in [second, third] { #expect(try await queue.job(refused.id) == nil) }
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 1)
            let fourth = fixture.newJob("a", users: 1, idempotency: Self.idempotency(next))
            _ = try await queue.accept(fourth, upload: nil, batches: batches(1))
        }
    }

    @Test(
        "a claim that nobody renews ends, and its request is not accepted under the claim of another",
        arguments: QueueDriver.shared)
    func end(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let other = try await driver.joined(fixture)
            let first = try await fixture.claim(queue, "k")
            for _ in 0..<3 {
                fixture.clock.advance(KeyClaim.lifetime - 1)
                #expect(try await other.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .arriving)
                try await queue.renewClaim(first, now: fixture.now)
            }
            // By the store's clock, whatever time the caller read before.
            try await queue.renewClaim(first, now: fixture.now.advanced(bySeconds: -60))
            fixture.clock.advance(KeyClaim.lifetime - 1)
            #expect(try await other.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .arriving)
            fixture.clock.advance(1)
            let second = try await fixture.claim(other, "k")
            await #expect(throws: QueueError.claimLost) { try await queue.renewClaim(first, now: fixture.now) }
            let late = fixture.newJob("a", users: 1, idempotency: Self.idempotency(first))
            await #expect(throws: QueueError.claimLost) { _ = try await queue.accept(late, upload: nil, batches: batches(1)) }
            await queue.releaseClaim(first)
            let job = fixture.newJob("a", users: 1, idempotency: Self.idempotency(second))
            _ = try await other.accept(job, upload: nil, batches: batches(1))
            #expect(
                try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now)
                    == .known(job: job.id, bodyHash: Self.hash))
            await other.close()
        }
    }
}
