import JobQueue
import SyncModel
import Synchronization
import TestSupport
import Testing

@Suite("Intake")
struct IntakeTests {
    @Test("an accepted job stands in the queue as it was handed in, and its tenant is announced", arguments: QueueDriver.all)
    func accepted(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var new = fixture.newJob("a", users: 250)
            new.callbackURL = "https://example.com/hook"
            new.traceparent = "00-1-2-01"
            new.warnings = ["one", "two"]
            new.syncType = "full"
            new.reason = "why"
            let job = try await queue.accept(new, upload: nil, batches: batches(250))
            #expect(job.state == .queued)
            #expect(job.batches == 3)
            #expect(try await queue.job(new.id) == job)
            #expect(job.warnings == ["one", "two"])
            #expect(job.callbackURL == "https://example.com/hook")
            #expect(fixture.events.take() == .init(ready: ["a"]))
            #expect(try await queue.readyTenants(now: fixture.now, limit: 10) == ["a"])
        }
    }

    @Test("what was accepted is there after a kill", arguments: QueueDriver.all)
    func survivesKill(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 120)
            let reborn = try await driver.killed(fixture)
            #expect(try await reborn.job(job.id) == job)
            #expect(try await reborn.readyTenants(now: fixture.now, limit: 10) == ["a"])
            let leased = try await fixture.lease(reborn, "a", 5)
            #expect(leased.flatMap(\.payload.indices) == Array(0..<120))
            await reborn.close()
        }
    }

    @Test("a job without users can be ended at once, and the engine is told", arguments: QueueDriver.all)
    func withoutUsers(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await queue.accept(fixture.newJob("a", users: 0), upload: nil, batches: [])
            #expect(job.batches == 0)
            #expect(fixture.events.take() == .init(jobsWaiting: 1))
            #expect(try await queue.readyTenants(now: fixture.now, limit: 10).isEmpty)
            #expect(try await queue.endable(limit: 10).map(\.id) == [job.id])
            #expect(try await fixture.end(queue, job))
            #expect(try await queue.job(job.id)?.state == .completed)
            #expect(try await queue.endable(limit: 10).isEmpty)
        }
    }

    @Test("an id is accepted once, and a job's batches must hold its users", arguments: QueueDriver.all)
    func contradictions(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let new = fixture.newJob("a", users: 1)
            _ = try await queue.accept(new, upload: nil, batches: batches(1))
            await #expect { _ = try await queue.accept(new, upload: nil, batches: batches(1)) } throws: { $0.isRefused }
            await #expect {
                _ = try await queue.accept(fixture.newJob("a", users: 2), upload: nil, batches: batches(1))
            } throws: {
                $0.isRefused
            }
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.jobs[.queued] == 1)
            #expect(statistics.pendingUsers == 1)
        }
    }

    @Test("an upload is invisible until it is accepted, then its batches come first", arguments: QueueDriver.all)
    func upload(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let upload = try await queue.openUpload()
            try await queue.append([batch(0..<100)], to: upload)
            try await queue.append([batch(100..<200), batch(200..<300)], to: upload)
            #expect(try await queue.allJobs().isEmpty)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 10).isEmpty)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 0)
            let job = try await queue.accept(fixture.newJob("a", users: 310), upload: upload, batches: [batch(300..<310)])
            #expect(job.batches == 4)
            let leased = try await fixture.lease(queue, "a", 10)
            #expect(leased.flatMap(\.payload.indices) == Array(0..<310))
            #expect(leased.map(\.number) == [0, 1, 2, 3])
        }
    }

    @Test("a job takes its place when it is accepted, not when its upload began", arguments: QueueDriver.all)
    func uploadOrder(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let upload = try await queue.openUpload()
            try await queue.append(batches(100), to: upload)
            let small = try await fixture.accept(queue, "a", users: 1)
            let large = try await queue.accept(fixture.newJob("a", users: 100), upload: upload, batches: [])
            #expect(try await fixture.lease(queue, "a").map(\.jobID) == [small.id])
            #expect(try await queue.allJobs().map(\.id) == [large.id, small.id])
        }
    }

    @Test("a discarded upload leaves nothing, nor does one that a kill broke off", arguments: QueueDriver.all)
    func brokenUpload(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let discarded = try await queue.openUpload()
            for start in stride(from: 0, to: 20_000, by: 2000) {
                try await queue.append(
                    stride(from: start, to: start + 2000, by: 100).map { batch($0..<($0 + 100)) }, to: discarded)
            }
            await queue.discard(discarded)
            // Had its batches stayed, they would be counted.
            await #expect {
                _ = try await queue.accept(fixture.newJob("a", users: 20_000), upload: discarded, batches: [])
            } throws: {
                $0.isRefused
            }
            let broken = try await queue.openUpload()
            try await queue.append(batches(500), to: broken)
            let reborn = try await driver.killed(fixture)
            await #expect { _ = try await reborn.accept(fixture.newJob("a", users: 500), upload: broken, batches: []) } throws: {
                $0.isRefused
            }
            #expect(try await reborn.allJobs().isEmpty)
            await reborn.close()
        }
    }

    @Test("an upload is its process's, and is swept by any once nothing was appended for long", arguments: QueueDriver.shared)
    func abandonedUpload(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let other = try await driver.joined(fixture)
            let (kept, left) = (try await queue.openUpload(), try await queue.openUpload())
            for upload in [kept, left] { try await queue.append(batches(100), to: upload) }
            fixture.clock.advance(600)
            try await queue.append([batch(100..<110)], to: kept)
            await other.discard(kept)
            await #expect { try await other.append(batches(1), to: kept) } throws: { $0.isRefused }
            #expect(try await other.discardAbandonedUploads(before: fixture.now.advanced(bySeconds: -601)) == 0)
            #expect(try await other.discardAbandonedUploads(before: fixture.now.advanced(bySeconds: -1)) == 1)
            await #expect { try await queue.append(batches(1), to: left) } throws: { $0.isRefused }
            await #expect { _ = try await queue.accept(fixture.newJob("a", users: 100), upload: left, batches: []) } throws: {
                $0.isRefused
            }
            let late = fixture.newJob("a", users: 110)
            await #expect { _ = try await other.accept(late, upload: kept, batches: []) } throws: { $0.isRefused }
            #expect(try await queue.accept(late, upload: kept, batches: []).batches == 2)
            await other.close()
        }
    }

    @Test(
        "the queue refuses more once the pending users reach the limit, and takes them again when they were applied",
        arguments: QueueDriver.all)
    func pendingLimit(_ driver: QueueDriver) async throws {
        var limits = QueueLimits()
        limits.maxPendingUsers = 100
        try await driver.withQueue(limits: limits) { fixture, queue in
            try await fixture.accept(queue, "a", users: 99)
            #expect(queue.admission() == .open)
            try await fixture.accept(queue, "b", users: 1)
            guard case .refused(_, let retryAfter) = queue.admission() else {
                Issue.record("expected a refusal")
                return
            }
            #expect(retryAfter > 0)
            try await fixture.work(queue, "b")
            #expect(queue.admission() == .open)
        }
    }

    @Test("the queue refuses more while the disk is nearly full", arguments: QueueDriver.all)
    func freeDisk(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            #expect(queue.admission() == .open)
            fixture.freeBytes.withLock { $0 = 1_073_741_823 }
            #expect(queue.admission() == .open, "looked at once a second at most")
            fixture.clock.advance(1)
            #expect(queue.admission() != .open)
            fixture.freeBytes.withLock { $0 = 1_073_741_824 }
            fixture.clock.advance(1)
            #expect(queue.admission() == .open)
        }
    }
}

extension Error {
    var isRefused: Bool {
        if case .refused = self as? QueueError { true } else { false }
    }
}
