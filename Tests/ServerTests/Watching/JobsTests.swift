import Foundation
import GRDB
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

@Suite("Watching jobs")
struct JobsTests {
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
                server.clock.advance(10)
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
        }
    }

    @Test("values of filters are read as forms are, a + for a space or for an offset; unknown parameters do not matter")
    func filterValues() async throws {
        try await TestServer.run { server in
            let id = try await server.submitted([], tenant: "a b&c")
            let job = try await server.ended(id)
            let accepted = try #require(job.metadata.acceptedAt.string)
            _ = try await server.submitted([], tenant: "a+b&c")
            let found = try await server.get("\(jobs)?tenantId=a+b%26c&since=2025-08-19T12:00:00+02:00&unknown=1&unknown=2")
            #expect(found.status == 200 && ids(found) == [id])
            let until = accepted.replacing("Z", with: "+00:00")
            #expect(ids(try await server.get("\(jobs)?until=\(until)")).isEmpty)
            #expect(ids(try await server.get("\(jobs)?tenantId=a+b%26c&since=\(until)")) == [id])
        }
    }

    @Test("a value that is not valid is a 400 that names the parameter and what is allowed")
    func badValues() async throws {
        try await TestServer.run { server in
            for (query, name, allowed) in [
                ("status=done", "status", "queued, running, completed, completed_with_errors, failed, cancelled"),
                ("limit=0", "limit", "1 to 200"), ("limit=201", "limit", "1 to 200"), ("limit=ten", "limit", "1 to 200"),
                ("limit=%2B5", "limit", "1 to 200"), ("limit=99999999999999999999", "limit", "1 to 200"),
                ("since=yesterday", "since", "ISO 8601"), ("until=2025-02-30", "until", "ISO 8601"),
                ("tenantId=", "tenantId", "1 to 255"), ("tenantId=a&tenantId=b", "tenantId", "repeated"),
                ("tenantId=%ff", "tenantId", "UTF-8"), ("source=a%00b", "source", "NUL"),
                ("cursor=mine", "cursor", "nextCursor"), ("limit", "limit", "1 to"),
            ] {
                let answer = try await server.get("\(jobs)?\(query)")
                #expect(answer.status == 400 && answer.json.success.bool == false, "\(query)")
                let details = answer.json.details.string
                #expect(
                    details?.contains("\"\(name)\"") == true && details?.contains(allowed) == true, "\(query): \(answer.json)")
            }
        }
    }

    @Test("an open job shows state, progress and failed tries, an ended one its result and webhook")
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
                #expect(try await server.isDirectoryAway())
                try await server.countFailedTry(tenant: "t1", error: "out of memory")
                let attempts = try await server.job(id).attempts
                #expect(attempts[0].batch.int == 0 && attempts[0].attempt.int == 1 && attempts[0].error.string == "out of memory")
            }
            server.clock.advance(301)
            let ended = try await server.ended(id)
            #expect(
                ended.status.string == "completed" && ended.results.array.count == 150 && ended.progress.percent.double == 100)
            #expect(ended.message.string == "Synced 150 of 150 users" && ended.attempts.array.count == 1)
            #expect(ended.startedAt.string != nil && ended.endedAt.string != nil)
            #expect(ended.source.string == "tests" && ended.statusUrl.string == "\(jobs)/\(id)")
            let isDelivered = try await eventually { try await server.job(id).webhook.state.string == "delivered" }
            #expect(isDelivered)
            let sent = try #require(server.receiver.of(job: id).first)
            #expect(try await server.job(id).webhook.id.string == sent.headers["webhook-id"])
        }
    }

    @Test("what names no job is a 404, whatever is asked of it")
    func unknown() async throws {
        try await TestServer.run { server in
            for id in ["0198c1f2-9c00-7a3b-8d4e-000000000009", "nonsense", "0198c1f2", "%00"] {
                let answers = [
                    try await server.get("\(jobs)/\(id)"), try await server.get("\(jobs)/\(id)/results"),
                    try await server.get("\(jobs)/\(id)/results", headers: ["Accept": "application/x-ndjson"]),
                    try await server.act("jobs/\(id)/retry"), try await server.act("jobs/\(id)/cancel"),
                ]
                for answer in answers {
                    #expect(answer.status == 404 && answer.json.error.string == "Job not found", "\(id)")
                }
            }
        }
    }
}
