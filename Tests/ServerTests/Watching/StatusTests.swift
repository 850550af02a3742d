import Foundation
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

@Suite("The status")
struct StatusTests {
    @Test("the status has every part, and its figures agree with what was done")
    func status() async throws {
        try await TestServer.run { server in
            try await server.whileLocked {
                _ = try await server.submitted(Bodies.users(120))
                _ = try await server.submitted([Bodies.user("x", "x@x.io")], tenant: "t2")
                let status = try await server.status()
                #expect(
                    status.keys.isSuperset(of: [
                        "jobs", "pendingUsers", "oldestPendingAgeSeconds", "tenants", "workers", "usersPerSecond", "retrying",
                        "directory", "webhooks", "queue", "draining",
                    ]))
                #expect(
                    status.jobs.keys == ["queued", "running", "completed", "completed_with_errors", "failed", "cancelled"])
                #expect((status.jobs.queued.int ?? 0) + (status.jobs.running.int ?? 0) == 2)
                #expect(status.pendingUsers.int == 121 && status.oldestPendingAgeSeconds.double != nil)
                #expect(status.tenants.array.map(\.tenantId.string) == ["t1", "t2"])
                #expect(status.success.bool == true && status.timestamp.string != nil)
                #expect(status.tenants[0].pendingUsers.int == 120 && status.tenants[0].openJobs.int == 1)
                #expect(status.workers.active.int != nil && status.workers.idle.int != nil)
                #expect(status.usersPerSecond.keys == ["1m", "5m"] && status.retrying == .array([]))
                #expect(status.directory.keys == ["state", "since", "error"])
                #expect(
                    status.webhooks.keys == ["pending", "dead", "oldestAgeSeconds", "lastError", "heldDestinations", "heldUntil"])
                #expect(status.queue.keys == ["bytes", "walBytes", "freeDiskBytes"] && (status.queue.bytes.int ?? 0) > 0)
                #expect(status.draining.bool == false)
            }
            let isIdle = try await eventually {
                let status = try await server.status()
                return status.jobs.completed.int == 2 && status.webhooks.pending.int == 0
            }
            #expect(isIdle)
            let after = try await server.status()
            #expect(after.pendingUsers.int == 0 && after.oldestPendingAgeSeconds == .null && after.tenants == .array([]))
            #expect(after.directory.state.string == "ok" && after.webhooks.oldestAgeSeconds == .null)
        }
    }

    @Test("it shows what fails and since when: batches put off, webhooks not delivered, ages by the clock")
    func troubles() async throws {
        try await TestServer.run { server in
            server.receiver.answer(with: 410)
            _ = try await server.submitted([Bodies.user("u1", "a@x.io")])
            #expect(try await eventually { try await server.status().webhooks.dead.int == 1 })
            server.receiver.answer(with: 502)
            _ = try await server.submitted([Bodies.user("u1", "a@x.io")])
            #expect(try await eventually { try await server.status().webhooks.lastError.string == "HTTP 502" })
            server.clock.advance(2)
            try await server.whileLocked {
                let id = try await server.submitted(Bodies.users(150), tenant: "t2")
                #expect(try await server.isDirectoryAway())
                try await server.countFailedTry(tenant: "t2", error: "out of memory")
                let before = try await server.status()
                server.clock.advance(100)
                let status = try await server.status()
                let batch = status.retrying[0]
                #expect(status.retrying.array.count == 1 && batch.jobId.string == id && batch.tenantId.string == "t2")
                #expect(batch.batch.int == 0 && batch.attempts.int == 1 && batch.lastError.string == "out of memory")
                #expect(batch.nextAttemptAt.string != nil && batch.nextAttemptAt == before.retrying[0].nextAttemptAt)
                #expect(status.tenants[0].currentJobId.string == id)
                let shown = try await CommandRunner.run(
                    ["status", "--server", "http://127.0.0.1:\(server.port)"], environment: ["INTERNAL_API_KEY": TestServer.key])
                let row = try #require(shown.output.split(separator: "\n").last { $0.contains(" t2 ") })
                #expect(shown.status == 0 && row.contains(id), "the command shows what a tenant works on: \(row)")
                for age in [\JSONValue.oldestPendingAgeSeconds, \JSONValue.webhooks.oldestAgeSeconds] {
                    let (old, new) = (try #require(before[keyPath: age].double), try #require(status[keyPath: age].double))
                    #expect((100..<200).contains(new - old) && old < 60)
                }
                // The webhook waits since before the clock moved on, the job since after.
                let (webhook, job) = (status.webhooks.oldestAgeSeconds.double ?? 0, status.oldestPendingAgeSeconds.double ?? 0)
                #expect(webhook >= job + 2)
                #expect(status.webhooks.pending.int == 1 && status.webhooks.dead.int == 1)
            }
        }
    }
}
