import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

@Suite("Order within a tenant, fairness between tenants")
struct OrderTests {
    @Test("a tenant's jobs take effect in the order accepted, many of them and whatever their size")
    func order() async throws {
        try await TestServer.run { server in
            var ids: [String] = []
            for number in 0..<24 {
                // Every third one is of several batches, the user of interest in the middle.
                var users = number % 3 == 0 ? Bodies.users(220) : []
                users.insert(Bodies.user("same", "same@x.io", name: "Name \(number)"), at: users.count / 2)
                ids.append(try await server.submitted(users))
            }
            var ends: [String] = []
            var sequences: [Int?] = []
            for id in ids {
                let job = try await server.ended(id)
                #expect(job.status.string == "completed" && job.metadata.stale.int == 0)
                ends.append(try #require(job.endedAt.string))
                sequences.append(job.sequence.int)
            }
            #expect(ends == ends.sorted() && sequences == (1...24).map { Optional($0) })
            // The same number everywhere: in the list, and in each webhook, redelivered too.
            let listed = try await server.get("/api/internal/sync/jobs?limit=200").json.jobs.array
            #expect(listed.map(\.sequence.int) == sequences.reversed())
            let all = await server.receiver.wait(for: 24)
            #expect(Set(all.compactMap(\.json.data.sequence.int)) == Set(1...24))
            let hook = try #require(try await server.job(ids[7]).webhook.id.string)
            #expect(try await server.act("deliveries/\(hook)/redeliver").status < 300)
            let isAgain = await eventually { server.receiver.of(job: ids[7]).count == 2 }
            #expect(isAgain && server.receiver.of(job: ids[7]).allSatisfy { $0.json.data.sequence.int == 8 })
            #expect(try server.rows("SELECT name FROM users WHERE wrapper_user_id = 'same'")[0]["name"] == "Name 23")
            #expect(try server.rows("SELECT id FROM users").count == 221)
        }
    }

    @Test("after the clock was set back, news is not older than what the clock was ahead for, however long it waits")
    func clockSetBack() async throws {
        try await TestServer.run { server in
            server.clock.advance(600)
            _ = try await server.synced([Bodies.user("u1", "u1@x.io", name: "Ahead")])
            server.clock.advance(-600)
            let id = try await OtherProcess.whileItLocks(server.folder.appending(path: "data/crm.sqlite").path) {
                let id = try await server.submitted([Bodies.user("u1", "u1@x.io", name: "Now")])
                let isTried = try await eventually { try await server.get("/readyz").json.directory.state.string != "ok" }
                #expect(isTried)
                // By the time it is applied, the time ahead is one that a clock may have read.
                server.clock.advance(400)
                return id
            }
            let job = try await server.ended(id)
            #expect(job.metadata.stale.int == 0)
            #expect(try server.rows("SELECT name FROM users")[0]["name"] == "Now")
        }
    }

    @Test("a bulk's commit closes for another tenant's user, who is done before it, were there one worker", arguments: [1, 2])
    func fairness(workers: Int) async throws {
        try await TestServer.run(["WORKERS": "\(workers)"]) { server in
            try server.slowDownSlowUsers()
            // The first commit would take 100 batches, 10,000 users, about ten seconds.
            let bulk = try await server.submitted(Bodies.users(12_000, prefix: "slow"), tenant: "bulk")
            let isRunning = try await eventually { try await server.job(bulk).status.string == "running" }
            #expect(isRunning)
            for number in 0..<5 {
                let json = try await server.synced([Bodies.user("u", "u\(number)@x.io")], tenant: "small\(number)")
                #expect(json.results[0].outcome.string == "created")
                let committed: Int = try server.rows("SELECT count(*) AS n FROM users WHERE tenant_id = 'bulk'")[0]["n"]
                if number == 0 { #expect(committed < 10_000) }
            }
            let job = try await server.job(bulk)
            #expect(job.status.string == "running" && (job.progress.usersDone.int ?? 0) < 12_000)
            _ = try await server.act("jobs/\(bulk)/cancel")
        }
    }
}
