import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

@Suite("Steering over HTTP: retry and cancel")
struct SteeringTests {
    private let jobs = "/api/internal/sync/jobs"

    @Test("retry makes one linked job of the failed users alone, with the first job's sync time")
    func retry() async throws {
        try await TestServer.run { server in
            try server.refuseBadUsers()
            var users = Bodies.users(220)
            for index in [0, 110, 219] { users[index] = Bodies.user("bad\(index)", "bad\(index)@x.io") }
            let id = try await server.submitted(users, metadata: #"{"syncTime":"2025-08-19T10:00:00.000Z"}"#)
            let job = try await server.ended(id)
            #expect(job.metadata.failed.int == 3)
            try server.execute("DROP TRIGGER refuse")
            var linked = ""
            try await server.whileLocked {
                let answer = try await server.act("jobs/\(id)/retry")
                #expect(answer.status == 202 && answer.json.metadata.totalUsers.int == 3)
                linked = try #require(answer.json.jobId.string)
                #expect(linked != id && answer.header("location") == "\(jobs)/\(linked)" && answer.header("retry-after") == "1")
                #expect(answer.json.metadata.retryOf.string == id)
                let early = try await server.act("jobs/\(linked)/retry")
                #expect(early.status == 409 && early.json.details.string?.contains("The job is ") == true)
                // While it is open, it is the same one.
                let again = try await server.act("jobs/\(id)/retry")
                #expect(again.status == 202 && again.json.jobId.string == linked)
            }
            let ended = try await server.ended(linked)
            #expect(ended.status.string == "completed" && ended.metadata.created.int == 3)
            #expect(ended.results.array.map(\.userId.string) == ["bad0", "bad110", "bad219"])
            #expect(ended.results.array.map(\.index.int) == [0, 1, 2])
            #expect(ended.retryOf.string == id && ended.syncTime.string == "2025-08-19T10:00:00.000Z")
            #expect(try server.rows("SELECT id FROM users").count == 220)
            let nothing = try await server.act("jobs/\(linked)/retry")
            #expect(nothing.status == 409 && nothing.json.success.bool == false)
            #expect(nothing.json.details.string?.contains("No user of the job failed") == true)
        }
    }

    @Test("a retry does not overwrite what has become newer meanwhile")
    func retryIsStale() async throws {
        try await TestServer.run { server in
            try server.refuseBadUsers()
            let id = try await server.submitted([Bodies.user("u", "bad@x.io", name: "Old")])
            _ = try await server.ended(id)
            server.clock.advance(5)
            _ = try await server.synced([Bodies.user("u", "good@x.io", name: "New")])
            try server.execute("DROP TRIGGER refuse")
            let answer = try await server.act("jobs/\(id)/retry")
            let linked = try await server.ended(try #require(answer.json.jobId.string))
            #expect(linked.results[0].outcome.string == "stale")
            #expect(try server.rows("SELECT name FROM users")[0]["name"] == "New")
        }
    }

    @Test("cancel drops what was not started, keeps what was committed, and every user is accounted for")
    func cancelRunning() async throws {
        try await TestServer.run { server in
            try server.slowDownSlowUsers()
            // The first commit of a job spans 100 batches at most: 10,000 users; the slow ones are among them.
            let id = try await server.submitted(Bodies.users(6000, prefix: "slow") + Bodies.users(7000))
            let isRunning = try await eventually { try await server.job(id).status.string == "running" }
            #expect(isRunning)
            let answer = try await server.act("jobs/\(id)/cancel")
            #expect(answer.status == 200 && answer.json.cancelRequested.bool == true)
            let ended = try await server.ended(id)
            let counts = ended.metadata
            #expect(ended.status.string == "cancelled" && ended.success.bool == false)
            let cancelled = try #require(counts.cancelled.int)
            #expect(cancelled > 0 && (counts.successful.int ?? 0) + (counts.failed.int ?? 0) + cancelled == 13_000)
            #expect(try server.rows("SELECT count(*) AS n FROM users")[0]["n"] == counts.created.int)
            let webhook = try #require(await server.receiver.wait(for: 1).first)
            #expect(webhook.json.type.string == "user_sync.cancelled" && webhook.json.data.metadata.cancelled.int == cancelled)
            let again = try await server.act("jobs/\(id)/cancel")
            #expect(again.status == 409 && again.json.details.string?.contains("The job is cancelled") == true)
            // The tenant goes on.
            let next = try await server.synced([Bodies.user("after", "after@x.io")])
            #expect(next.results[0].outcome.string == "created")
        }
    }

    @Test("a job cancelled while the directory is away ends once it is back, without a user applied")
    func cancelWaiting() async throws {
        try await TestServer.run { server in
            var id = ""
            try await server.whileLocked {
                id = try await server.submitted(Bodies.users(300))
                #expect(try await server.isDirectoryAway())
                let answer = try await server.act("jobs/\(id)/cancel")
                #expect(answer.status == 200 && answer.json.cancelRequested.bool == true && answer.json.jobId.string == id)
                #expect(["queued", "running"].contains(answer.json.status.string))
            }
            let ended = try await server.ended(id)
            #expect(
                ended.status.string == "cancelled" && ended.metadata.cancelled.int == 300 && ended.metadata.successful.int == 0)
            #expect(try server.rows("SELECT id FROM users").isEmpty)
            #expect(await server.receiver.wait(for: 1).first?.json.type.string == "user_sync.cancelled")
        }
    }

}
