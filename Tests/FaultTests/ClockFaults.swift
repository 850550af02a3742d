import Webhooks
import Foundation
import GRDB
import ServerTestSupport
import SyncEngine
import SyncModel
import TestSupport
import Testing

import UsersyncApp

@Suite("Faults: the clock is set")
struct ClockFaults {
    @Test("set forth and back by an hour under load, no job is lost, none runs twice, and each end is reported")
    func underLoad() async throws {
        let seed = FaultScale.seed()
        print("seed of the clock test: \(seed)")
        var report = FaultReport(fault: "the clock set by an hour, forth and back, under load")
        try await TestServer.inFolder { folder, receiver in
            let clock = TestClock.running()
            let began = clock.now
            try await TestServer.start(folder: folder, receiver: receiver, clock: clock) { server in
                let load = MixedLoad(port: server.port, tenants: ["t1", "t2", "t3"], seed: seed, cutsUploads: true)
                async let running = load.run()
                // Ends where it began; in between it has been two hours back and two hours ahead.
                let jumps = [3600.0, -3600, -3600, -3600, 3600, 3600, 3600, -3600]
                for number in 0..<FaultScale.pick(8, full: 160) {
                    let before = load.acknowledged
                    #expect(await eventually { load.acknowledged >= before + 3 })
                    clock.advance(jumps[number % jumps.count])
                    report.tries += 1
                }
                load.stop()
                let outcomes = try await running
                // Nothing waits longer than the clock takes to come back to where it was.
                server.app.assembly.courier.wake()
                try await Aftermath(server: server).add(outcomes, to: &report)
                // No lease storm: a batch is begun once, and nobody came late.
                #expect(!server.log.contains("lease lost"))
                for job in outcomes.flatMap(\.jobs) {
                    let shown = try await server.job(job.jobID)
                    #expect(shown.attempts.array.isEmpty && (shown.metadata.durationMs.int ?? -1) >= 0)
                }
                for webhook in receiver.received {
                    let sent = try #require(webhook.headers["webhook-timestamp"].flatMap { Double($0) })
                    #expect(abs(sent - began.seconds) < 2.5 * 3600)
                }
            }
        }
        try report.publish()
    }

    @Test("set back by an hour, a user sent without a syncTime is not taken for older news, not after a restart either")
    func withoutSyncTime() async throws {
        try await TestServer.inFolder { folder, receiver in
            let clock = TestClock.running()
            clock.advance(3600)
            try await TestServer.start(folder: folder, receiver: receiver, clock: clock) { server in
                let first = try await server.synced([Bodies.user("u1", "a@x.io", name: "First")])
                #expect(first.metadata.created.int == 1)
                clock.advance(-3600)
                // What names its moment rightly is not held to be older than what a wrong clock wrote.
                func named(_ seconds: Double) -> String { #"{"syncTime":"\#(clock.now.advanced(bySeconds: seconds).iso8601)"}"# }
                #expect(
                    try await server.synced([Bodies.user("u1", "a@x.io", name: "Named")], metadata: named(0)).metadata.updated.int
                        == 1)
                // It is judged by its moment still.
                #expect(
                    try await server.synced([Bodies.user("u1", "a@x.io", name: "Old")], metadata: named(-60)).metadata.stale.int
                        == 1)
                #expect(try await server.synced([Bodies.user("u1", "a@x.io", name: "Second")]).metadata.updated.int == 1)
            }
            try await TestServer.start(folder: folder, receiver: receiver, clock: clock) { server in
                #expect(try await server.synced([Bodies.user("u1", "a@x.io", name: "Third")]).metadata.updated.int == 1)
                #expect(try server.rows("SELECT name FROM users")[0]["name"] == "Third")
                let removal = try await server.post(
                    "/api/internal/sync/remove-user", Bodies.removal("u1"), headers: ["X-Tenant-ID": "t1", "Prefer": "wait=20"])
                #expect(removal.json.metadata.removed.int == 1)
            }
        }
    }

    @Test("set by an hour, what waits for its next try is tried: batches in backoff at once, either way")
    func backoff() async throws {
        for jump in [3600.0, -3600] {
            try await TestServer.run { server in
                var job = ""
                try await server.whileLocked {
                    job = try await server.submitted([Bodies.user("u1", "a@x.io")])
                    #expect(try await server.isDirectoryAway())
                    try await server.countFailedTry(tenant: "t1", error: "a try that failed")
                    server.clock.advance(jump)
                }
                let shown = try await server.ended(job)
                #expect(shown.status.string == "completed" && shown.attempts.array.count == 1, "\(jump): \(shown)")
                #expect(await eventually { server.receiver.of(job: job).count == 1 })
            }
        }
    }

    @Test("set by an hour, a delivery that waits for its next try is made once the clock says so, with the same id")
    func deliveries() async throws {
        var report = FaultReport(fault: "the clock set by an hour with deliveries in retry")
        for jump in [3600.0, -3600] {
            try await TestServer.run { server in
                server.receiver.answer(with: 503)
                let job = try await server.submitted([Bodies.user("u1", "a@x.io")])
                // Written down: from then on the next try may come at any time.
                #expect(try await eventually { try await server.job(job).webhook.attempts.int == 1 })
                server.receiver.answer(with: 200)
                server.clock.advance(jump)
                report.tries += 1
                if jump < 0 { server.clock.advance(-jump + 10) }
                try await GoodCaller(server).submit(&report)
                #expect(try await eventually { try await server.job(job).webhook.state.string == "delivered" })
                let webhooks = server.receiver.of(job: job)
                #expect(webhooks.count == 2 && Set(webhooks.map { $0.headers["webhook-id"] }).count == 1)
            }
        }
        try report.publish()
    }

    @Test("set by an hour, an Idempotency-Key still stands for its job, and a rate limit locks nobody out for longer")
    func keysAndLimits() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "3", "RATE_LIMIT_WINDOW": "900"]) { server in
            func send(_ key: String) async throws -> TestServer.Answer {
                try await server.sync([Bodies.user("u1", "a@x.io")], headers: ["Idempotency-Key": key])
            }
            let first = try await send("k").json.jobId.string
            for jump in [3600.0, -3600, -3600, 3600] {
                server.clock.advance(jump)
                let again = try await send("k")
                #expect(again.json.jobId.string == first && again.header("idempotent-replayed") == "true")
            }
            var keys = (0..<100).map { "key-\($0)" }
            func exhaust() async throws {
                while let key = keys.popLast() {
                    let answer = try await send(key)
                    if answer.status == 429 {
                        #expect((1...900).contains(answer.header("retry-after").flatMap { Int($0) } ?? 0))
                        return
                    }
                    #expect(answer.status == 202)
                }
            }
            for jump in [-3600.0, 3600, 3600, -3600] {
                try await exhaust()
                server.clock.advance(jump)
                #expect(try await send(keys.removeLast()).status == 202, "\(jump)")
            }
            let wrong = ["X-Internal-API-Key": "wrong-key-wrong-key-0"]
            for _ in 0..<21 { _ = try await server.get("/api/health", headers: wrong) }
            #expect(try await server.get("/api/health", headers: wrong).status == 429)
            server.clock.advance(-3600)
            #expect(try await server.get("/api/health", headers: wrong).status == 401)
        }
    }
}
