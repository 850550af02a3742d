import Foundation
import GRDB
import Testing

@Suite("Steering over HTTP: jobs, retry, cancel, deliveries")
struct SteeringTests {
    private let jobs = "/api/internal/sync/jobs"

    private func ids(_ answer: TestServer.Answer) -> [String?] { answer.json.jobs.array.map(\.jobId.string) }

    @Test("the list of jobs is newest first, filtered by each filter, and paged by its cursor")
    func list() async throws {
        try await TestServer.run { server in
            try server.refuseBadUsers()
            var all: [String] = []
            var times: [String] = []
            for (number, (tenant, source)) in [("t1", "hr"), ("t1", "crm"), ("t2", "hr"), ("t2", "crm"), ("t1", "hr")]
                .enumerated()
            {
                server.clock.move(by: 10)
                let users = number == 4 ? [Bodies.user("bad", "bad@x.io")] : [Bodies.user("u\(number)", "u\(number)@x.io")]
                all.insert(try await server.submitted(users, tenant: tenant, source: source), at: 0)
                let job = try await server.ended(all[0])
                times.insert(try #require(job.metadata.acceptedAt.string), at: 0)
            }
            let everything = try await server.get(jobs)
            #expect(ids(everything) == all && everything.json.nextCursor == .null)
            #expect(ids(try await server.get("\(jobs)?tenantId=t2")) == [all[1], all[2]])
            #expect(ids(try await server.get("\(jobs)?source=crm")) == [all[1], all[3]])
            #expect(ids(try await server.get("\(jobs)?status=completed_with_errors")) == [all[0]])
            #expect(ids(try await server.get("\(jobs)?status=queued")).isEmpty)
            #expect(ids(try await server.get("\(jobs)?since=\(times[1])")) == [all[0], all[1]])
            #expect(ids(try await server.get("\(jobs)?since=\(times[3])&until=\(times[1])&tenantId=t2")).contains(all[2]))
            #expect(!ids(try await server.get("\(jobs)?until=\(times[3])")).contains(all[2]))
            var paged: [String?] = []
            var cursor = ""
            var pages = 0
            repeat {
                let page = try await server.get("\(jobs)?limit=2\(cursor)")
                #expect(page.status == 200)
                paged += ids(page)
                pages += 1
                cursor = page.json.nextCursor.string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty && pages < 10
            #expect(paged == all && pages == 3)
            for bad in ["limit=0", "limit=201", "status=nonsense", "since=yesterday", "cursor=nonsense"] {
                #expect(try await server.get("\(jobs)?\(bad)").status == 400, "\(bad)")
            }
        }
    }

    @Test("an open job shows state and progress, an ended one its result and webhook; an unknown one is a 404")
    func show() async throws {
        try await TestServer.run { server in
            var id = ""
            try await server.whileLocked {
                id = try await server.submitted(Bodies.users(150))
                let open = try await server.job(id)
                #expect(["queued", "running"].contains(open.status.string))
                #expect(open.results == .missing && open.success.bool == true && open.webhook == .null)
                #expect(open.progress.usersDone.int == 0 && open.progress.total.int == 150 && open.progress.batches.int == 2)
                #expect(
                    open.metadata.totalUsers.int == 150 && open.tenant.id.string == "t1" && open.cancelRequested.bool == false)
                let retried = try await server.act("jobs/\(id)/retry")
                #expect(retried.status == 409)
            }
            let ended = try await server.ended(id)
            #expect(
                ended.status.string == "completed" && ended.results.array.count == 150 && ended.progress.percent.double == 100)
            #expect(ended.startedAt.string != nil && ended.endedAt.string != nil && ended.attempts.array.isEmpty)
            #expect(ended.source.string == "tests" && ended.statusUrl.string == "\(jobs)/\(id)")
            let isDelivered = try await eventually { try await server.job(id).webhook.state.string == "delivered" }
            #expect(isDelivered)
            for path in [JobPath.unknown, "nonsense"] {
                #expect(try await server.get("\(jobs)/\(path)").status == 404)
                #expect(try await server.act("jobs/\(path)/cancel").status == 404)
                #expect(try await server.act("jobs/\(path)/retry").status == 404)
            }
        }
    }

    private enum JobPath {
        static let unknown = "0198c1f2-9c00-7a3b-8d4e-000000000000"
    }

    @Test("results come in pages, filtered by status, or all of them as NDJSON, in index order")
    func results() async throws {
        try await TestServer.run { server in
            try server.refuseBadUsers()
            var users = Bodies.users(1200)
            for index in [3, 500, 1199] { users[index] = Bodies.user("bad\(index)", "bad\(index)@x.io") }
            let id = try await server.submitted(users)
            let job = try await server.ended(id)
            #expect(job.metadata.failed.int == 3 && job.metadata.created.int == 1197)
            #expect(job.resultsTruncated.bool == true && job.results.array.map(\.index.int) == [3, 500, 1199])
            var indexes: [Int?] = []
            var cursor = ""
            repeat {
                let page = try await server.get("\(jobs)/\(id)/results?limit=500\(cursor)")
                indexes += page.json.results.array.map(\.index.int)
                cursor = page.json.nextCursor.string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty && indexes.count < 5000
            #expect(indexes == (0..<1200).map { $0 })
            let failed = try await server.get("\(jobs)/\(id)/results?status=failed&limit=1000")
            #expect(failed.json.results.array.map(\.code.string) == Array(repeating: "refused_by_database", count: 3))
            let lines = try await server.get("\(jobs)/\(id)/results", headers: ["Accept": "application/x-ndjson"])
            let read = lines.body.split(separator: UInt8(ascii: "\n")).map { JSONValue(Data($0)) }
            #expect(lines.header("content-type") == "application/x-ndjson")
            #expect(read.map(\.index.int) == (0..<1200).map { $0 })
            #expect(try await server.get("\(jobs)/\(id)/results?limit=1001").status == 400)
        }
    }

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
                #expect(linked != id && answer.header("location") == "\(jobs)/\(linked)")
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
        }
    }

    @Test("a retry does not overwrite what has become newer meanwhile")
    func retryIsStale() async throws {
        try await TestServer.run { server in
            try server.refuseBadUsers()
            let id = try await server.submitted([Bodies.user("u", "bad@x.io", name: "Old")])
            _ = try await server.ended(id)
            server.clock.move(by: 5)
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
            let id = try await server.submitted(Bodies.users(1500, prefix: "slow") + Bodies.users(11_500))
            let isRunning = try await eventually { try await server.job(id).status.string == "running" }
            #expect(isRunning)
            let answer = try await server.act("jobs/\(id)/cancel")
            #expect(answer.status == 200 && answer.json.cancelRequested.bool == true)
            let ended = try await server.ended(id, seconds: 60)
            let counts = ended.metadata
            #expect(ended.status.string == "cancelled" && ended.success.bool == false)
            let cancelled = try #require(counts.cancelled.int)
            #expect(cancelled > 0 && (counts.successful.int ?? 0) + (counts.failed.int ?? 0) + cancelled == 13_000)
            #expect(try server.rows("SELECT count(*) AS n FROM users")[0]["n"] == counts.created.int)
            let webhook = try #require(await server.receiver.wait(for: 1).first)
            #expect(webhook.json.type.string == "user_sync.cancelled" && webhook.json.data.metadata.cancelled.int == cancelled)
            #expect(try await server.act("jobs/\(id)/cancel").status == 409)
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
                _ = await eventually { (try? await server.status().directory.state.string) == "unavailable" }
                let answer = try await server.act("jobs/\(id)/cancel")
                #expect(answer.status == 200 && answer.json.cancelRequested.bool == true)
            }
            let ended = try await server.ended(id)
            #expect(
                ended.status.string == "cancelled" && ended.metadata.cancelled.int == 300 && ended.metadata.successful.int == 0)
            #expect(try server.rows("SELECT id FROM users").isEmpty)
            #expect(await server.receiver.wait(for: 1).first?.json.type.string == "user_sync.cancelled")
            #expect(server.log.contains("operator action") && server.log.contains("\"role\": ops"))
        }
    }

    @Test("deliveries are listed, sent again with the same id, and a test event can be sent")
    func deliveries() async throws {
        try await TestServer.run { server in
            let id = try await server.submitted([Bodies.user("u1", "a@x.io")])
            let other = try await server.submitted([Bodies.user("u2", "b@x.io")], tenant: "t2")
            let isDelivered = try await eventually {
                try await server.get("/api/internal/sync/deliveries?state=delivered").json.deliveries.array.count == 2
            }
            #expect(isDelivered)
            let list = try await server.get("/api/internal/sync/deliveries").json.deliveries.array
            #expect(list.map(\.jobId.string) == [other, id])
            #expect(list[0].attempts.int == 1 && list[0].lastStatus.int == 200 && list[0].type.string == "user_sync.completed")
            let mine = try await server.get("/api/internal/sync/deliveries?jobId=\(id)").json.deliveries
            #expect(mine.array.count == 1)
            let delivery = try #require(mine[0].id.string)
            let again = try await server.act("deliveries/\(delivery)/redeliver")
            #expect(again.status == 202)
            _ = await server.receiver.wait(for: 3)
            let sent = server.receiver.of(job: id)
            #expect(sent.count == 2 && Set(sent.map { $0.headers["webhook-id"] }) == [delivery] && sent[0].body == sent[1].body)
            let test = try await server.act("deliveries/test")
            #expect(test.status == 202)
            let last = await server.receiver.wait(for: 4)
            #expect(last.last?.json.type.string == "webhook.test")
            #expect(try await server.act("deliveries/msg_unknown/redeliver").status == 404)
            #expect(server.log.contains("redeliver"))
        }
    }
}
