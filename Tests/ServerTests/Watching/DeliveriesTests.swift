import Foundation
import ServerTestSupport
import SyncAPI
import SyncServer
import TestSupport
import Testing

@Suite("The webhook log")
struct DeliveriesTests {
    private let base = "/api/internal/sync/deliveries"

    @Test("deliveries are listed, sent again with the same id, and a test event can be sent")
    func deliveries() async throws {
        try await TestServer.run { server in
            let id = try await server.submitted([Bodies.user("u1", "a@x.io")])
            _ = try await server.ended(id)
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
            let theirs = try await server.get("/api/internal/sync/deliveries?jobId=\(id)&tenantId=t2")
            #expect(theirs.status == 200 && theirs.json.deliveries.array.isEmpty, "another tenant has none of that job")
            let both = try await server.get("/api/internal/sync/deliveries?jobId=\(id)&tenantId=t1&state=delivered")
            #expect(both.json.deliveries.array.count == 1)
            let delivery = try #require(mine[0].id.string)
            let again = try await server.act("deliveries/\(delivery)/redeliver")
            #expect(again.status == 202 && again.json.delivery.id.string == delivery)
            _ = await server.receiver.wait(for: 3)
            let sent = server.receiver.of(job: id)
            #expect(sent.count == 2 && Set(sent.map { $0.headers["webhook-id"] }) == [delivery] && sent[0].body == sent[1].body)
            let test = try await server.act("deliveries/test")
            #expect(test.status == 202 && test.json.delivery.type.string == "webhook.test")
            let last = await server.receiver.wait(for: 4)
            #expect(last.last?.json.type.string == "webhook.test")
            #expect(last.last?.headers["webhook-id"] == test.json.delivery.id.string)
            for id in ["msg_unknown", "%20", String(repeating: "a", count: 129)] {
                let unknown = try await server.act("deliveries/\(id)/redeliver")
                #expect(unknown.status == 404 && unknown.json.error.string == "Delivery not found", "\(id)")
            }
            // What is too long for an id stays out of the audit trail.
            let named = server.log.lines.filter { $0.message == "operator action" }.map { $0.metadata["deliveryId"] }
            #expect(named == [delivery, test.json.delivery.id.string, "msg_unknown", "%20"])
        }
    }

    @Test(
        "with WEBHOOK_ORDER=tenant a tenant's later webhook has no due time while the earlier one is not taken",
        arguments: [
            ("tenant", [true, false]), ("any", [true, true]),
        ])
    func order(setting: String, areDue: [Bool]) async throws {
        try await TestServer.run(["WEBHOOK_ORDER": setting]) { server in
            server.receiver.answer(with: 503)
            for n in 1...2 { _ = try await server.ended(try await server.submitted([Bodies.user("u\(n)", "\(n)@x.io")])) }
            let list = try await server.get("\(base)?state=pending").json.deliveries.array
            #expect(list.reversed().map { $0.nextAttemptAt.string != nil } == areDue)
        }
    }

    @Test("the list holds no body and no secret of an address; each filter narrows it; a dead delivery has no next attempt")
    func list() async throws {
        try await TestServer.inFolder { folder, receiver in
            let settings = ["WRAPPER_WEBHOOK_URL": "\(receiver.url)?token=secret"]
            try await TestServer.start(settings, folder: folder, receiver: receiver) { server in
                receiver.answer(with: 410)
                let dead = try await server.submitted([Bodies.user("u1", "private@x.io")])
                #expect(try await eventually { try await server.job(dead).webhook.state.string == "dead" })
                receiver.answer(with: 502)
                let pending = try await server.submitted([Bodies.user("u2", "private2@x.io")], tenant: "t2")
                #expect(try await eventually { try await (server.job(pending).webhook.attempts.int ?? 0) >= 1 })

                let answer = try await server.get(base)
                let deliveries = answer.json.deliveries
                #expect(deliveries.array.map(\.jobId.string) == [pending, dead] && answer.json.nextCursor == .null)
                #expect(deliveries.array.map(\.state.string) == ["pending", "dead"])
                #expect(deliveries.array.map(\.lastStatus.int) == [502, 410])
                #expect(deliveries[0].nextAttemptAt.string != nil && deliveries[1].nextAttemptAt == .null)
                #expect(deliveries[0].url.string == "\(receiver.url)?…")
                for secret in ["private", "secret"] { #expect(!answer.text.contains(secret)) }

                for query in ["state=dead", "jobId=\(dead)", "tenantId=t1", "state=dead&tenantId=t1&jobId=\(dead)&limit=1"] {
                    let found = try await server.get("\(base)?\(query)").json
                    #expect(found.deliveries.array.map(\.jobId.string) == [dead] && found.nextCursor == .null, "\(query)")
                }
                #expect(try await server.get("\(base)?state=dead&tenantId=t2").json.deliveries == .array([]))
                let first = try await server.get("\(base)?limit=1").json
                let cursor = try #require(first.nextCursor.string)
                let second = try await server.get("\(base)?limit=1&cursor=\(cursor)").json
                // The first may have been tried again meanwhile.
                #expect(first.deliveries.array.map(\.id.string) == [deliveries[0].id.string])
                #expect(second.deliveries == .array([deliveries[1]]))
                for query in ["state=failed", "jobId=1", "limit=201", "cursor=mine", "state=dead&state=dead"] {
                    #expect(try await server.get("\(base)?\(query)").status == 400, "\(query)")
                }
            }
        }
    }

    @Test("all dead webhooks, or those of a job or tenant, are sent again by one call; what dies again stays dead")
    func redeliverDead() async throws {
        try await TestServer.run { server in
            server.receiver.answer(with: 410)
            var jobs: [String] = []
            for n in 0..<3 {
                jobs.append(try await server.submitted([Bodies.user("u\(n)", "a\(n)@x.io")], tenant: n == 2 ? "t2" : "t1"))
            }
            func dead() async throws -> [String?] {
                try await server.get("\(base)?state=dead").json.deliveries.array.map(\.jobId.string)
            }
            #expect(try await eventually { try await dead().count == 3 })
            for query in [
                "", "?state=pending", "?state=dead&jobId=1", "?state=dead&state=dead", "?tenantId=t1",
                // A misspelt filter must not send everybody's again.
                "?state=dead&tenantID=t2", "?state=dead&tenant=t2", "?state=dead&%zz=t2", "?state=dead&jobid=\(jobs[0])",
            ] {
                let refused = try await server.act("deliveries/redeliver\(query)")
                #expect(refused.status == 400, "\(query)")
            }
            #expect(server.receiver.count == 3)
            let again = try await server.act("deliveries/redeliver?state=dead")
            #expect(again.status == 202 && again.json.redelivered.int == 3 && again.json.success.bool == true)
            _ = await server.receiver.wait(for: 6)
            #expect(try await eventually { try await dead().count == 3 })
            server.receiver.answer(with: 200)
            for (query, count) in [("tenantId=t2", 1), ("jobId=\(jobs[0])", 1), ("tenantId=none", 0)] {
                let some = try await server.act("deliveries/redeliver?state=dead&\(query)")
                #expect(some.json.redelivered.int == count, "\(query)")
            }
            #expect(try await eventually { try await dead() == [jobs[1]] })
            #expect(server.receiver.count == 8)
            let named = server.log.lines.filter { $0.message == "operator action" }
            #expect(
                named.map { $0.metadata["outcome"] } == ["accepted: 3", "accepted: 1", "accepted: 1", "accepted: 0"])
        }
    }

    @Test("test events have a limit of their own: ten a minute, then 429 with Retry-After; refused ones are not counted")
    func testEventLimit() async throws {
        try await TestServer.inFolder { folder, receiver in
            try await TestServer.start(folder: folder, receiver: receiver, clock: TestClock()) { server in
                for number in 1...10 { #expect(try await server.act("deliveries/test").status == 202, "event \(number)") }
                server.clock.advance(20)
                for _ in 0..<2 {
                    let refused = try await server.act("deliveries/test")
                    #expect(refused.status == 429 && refused.json.error.string?.hasPrefix("Too many test events") == true)
                    #expect(refused.header("Retry-After") == "40")
                }
                _ = try await server.submitted([Bodies.user("u1", "a@x.io")])
                server.clock.advance(40)
                #expect(try await server.act("deliveries/test").status == 202)
            }
        }
    }

    @Test("without an address a test event is a 409 that says what to set")
    func noAddress() async throws {
        try await TestServer.run(["WRAPPER_WEBHOOK_URL": ""]) { server in
            let answer = try await server.act("deliveries/test")
            #expect(answer.status == 409 && answer.json.error.string == "No webhook address is configured")
            #expect(answer.json.details.string?.contains("WRAPPER_WEBHOOK_URL") == true)
        }
    }

    @Test(
        "an address is shown without what may be a secret in it",
        arguments: [
            ("https://wrapper.example/hook", "https://wrapper.example/hook"),
            ("https://wrapper.example:8443/a?b=c", "https://wrapper.example:8443/a?…"),
            ("https://user:pass@wrapper.example/a", "https://wrapper.example/a"),
            ("https://user@x@wrapper.example", "https://wrapper.example"),
            ("https://wrapper.example/a@b", "https://wrapper.example/a@b"),
            ("https://wrapper.example?to=a@b", "https://wrapper.example?…"),
            ("https://wrapper.example/#token", "https://wrapper.example/#…"),
        ])
    func redaction(url: String, shown: String) {
        #expect(DeliveryDocument.redacted(url: url) == shown)
    }
}
