import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Idempotency keys")
struct IdempotencyTests {
    private static let hash: [UInt8] = Array(repeating: 7, count: 32)

    private static func key(_ key: String, tenant: TenantID = "a") -> NewJob.Idempotency {
        NewJob.Idempotency(tenantID: tenant, path: "/sync", key: key, bodyHash: hash)
    }

    @Test("a key is claimed once while its request arrives, and free again when released", arguments: QueueDriver.all)
    func claims(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let first = try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now)
            #expect(first == .claimed)
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .arriving)
            #expect(try await queue.claim(tenantID: "b", path: "/sync", key: "k", now: fixture.now) == .claimed)
            #expect(try await queue.claim(tenantID: "a", path: "/remove", key: "k", now: fixture.now) == .claimed)
            await queue.releaseClaim(tenantID: "a", path: "/sync", key: "k")
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .claimed)
        }
    }

    @Test("a key is recorded with its job, known after a kill, and forgotten after 24 hours", arguments: QueueDriver.all)
    func known(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let new = fixture.newJob("a", users: 1, idempotency: Self.key("k"))
            _ = try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now)
            _ = try await queue.accept(new, upload: nil, batches: batches(1))
            let known = IdempotencyClaim.known(job: new.id, bodyHash: Self.hash)
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == known)
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == known)
            for (tenant, path) in [("b", "/sync"), ("a", "/remove")] as [(TenantID, String)] {
                #expect(try await queue.claim(tenantID: tenant, path: path, key: "k", now: fixture.now) == .claimed)
            }
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == known)
            await reborn.close()
            fixture.clock.advance(24 * 3600)
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .claimed)
            let again = fixture.newJob("a", users: 1, idempotency: Self.key("k"))
            _ = try await queue.accept(again, upload: nil, batches: batches(1))
            #expect(
                try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now)
                    == .known(job: again.id, bodyHash: Self.hash))
        }
    }

    @Test("a key whose job was refused is not recorded", arguments: QueueDriver.all)
    func refused(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            _ = try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now)
            let wrong = fixture.newJob("a", users: 5, idempotency: Self.key("k"))
            await #expect { _ = try await queue.accept(wrong, upload: nil, batches: batches(1)) } throws: { $0.isRefused }
            await queue.releaseClaim(tenantID: "a", path: "/sync", key: "k")
            #expect(try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now) == .claimed)
        }
    }

    @Test("two jobs are never accepted under one key", arguments: QueueDriver.all)
    func once(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            _ = try await queue.accept(
                fixture.newJob("a", users: 1, idempotency: Self.key("k")), upload: nil, batches: batches(1))
            let second = fixture.newJob("a", users: 1, idempotency: Self.key("k"))
            await #expect { _ = try await queue.accept(second, upload: nil, batches: batches(1)) } throws: { $0.isRefused }
            #expect(try await queue.job(second.id) == nil)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 1)
        }
    }
}
