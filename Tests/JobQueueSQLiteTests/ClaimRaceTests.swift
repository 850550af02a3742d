import JobQueue
import JobQueueConformance
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Two requests with one idempotency key at the same time")
struct ClaimRaceTests {
    @Test("a replay is answered while another one looks the key up; only a request that still arrives is in the way")
    func replays() async throws {
        try await withSQLiteQueue { fixture, queue in
            func answer(_ key: String) async throws -> IdempotencyClaim {
                try await queue.claim(tenantID: "a", path: "/sync", key: key, now: fixture.now)
            }
            let first = NewJob.Idempotency(claim: try await fixture.claim(queue, "k"), bodyHash: [1])
            let new = fixture.newJob("a", users: 1, idempotency: first)
            _ = try await queue.accept(new, upload: nil, batches: batches(1))
            // Between the claim and the look-up of another replay, and of the first request with a key.
            for key in ["k", "l"] { _ = queue.claims.withLock { $0.claim("a", "/sync", key) } }
            #expect(try await answer("k") == .known(job: new.id, bodyHash: [1]))
            #expect(try await answer("l") == .arriving)
        }
    }
}
