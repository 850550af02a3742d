import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: a receiver of webhooks limits, dies and comes back")
struct ReceiverOutageFaults {
    /// A server that is killed and started again; each life sends to a path of its own on the same receiver.
    private struct Lives {
        let folder: URL
        let receiver: HookReceiver
        let hostile: HostileReceiver
        var server: ServerProcess?
        var count = 0

        mutating func next() async throws -> ServerProcess {
            await server?.crash()
            count += 1
            let next = try await ServerProcess.start(
                folder: folder, receiver: receiver, settings: ["WRAPPER_WEBHOOK_URL": "\(hostile.url)/\(count)"])
            server = next
            return next
        }

        /// What the present life has sent.
        var sent: [HostileReceiver.Received] { hostile.received.filter { $0.path == "/hook/\(count)" } }
    }

    /// Webhooks a second that the receiver takes while it limits.
    private static let rate = 10
    private static let limits: [HostileReceiver.Manner] = [
        .limit(rate, status: 429, headers: ["Retry-After": "1"]), .limit(rate, status: 503, headers: ["Retry-After": "2"]),
        .limit(rate, status: 429),
    ]

    @Test(
        "killed all the while, the server sends every webhook: none is dead, none comes twice but around a kill, no wait costs an attempt"
    )
    func comesBack() async throws {
        var report = FaultReport(fault: "a receiver that limits, dies and comes back; kill -9 all the while")
        try await HostileReceiver.run(.good) { hostile in
            try await TestServer.inFolder { folder, receiver in
                var lives = Lives(folder: folder, receiver: receiver, hostile: hostile)
                var jobs: [String] = []
                for round in 0..<FaultScale.pick(1, full: 10) {
                    try await limit(&lives, &jobs, round: round)
                    try await die(&lives, &jobs, round: round, seconds: FaultScale.pick(1, full: 60))
                    report.tries += 5
                }
                try await count(jobs, lives, &report)
                #expect(await lives.server?.terminate(within: 25) == 0)
            }
        }
        try report.publish()
    }

    /// The receiver takes only some a second, and says so in one way after the other.
    private func limit(_ lives: inout Lives, _ jobs: inout [String], round: Int) async throws {
        for (number, manner) in Self.limits.enumerated() {
            lives.hostile.answer(manner)
            let server = try await lives.next()
            jobs += try await submit(3 * Self.rate, "limit-\(round)-\(number)", server)
            let current = lives
            // Asked to wait, and served again afterwards; or never asked, at the pace that the life before has learnt.
            let isServed = await eventually {
                guard let first = current.sent.firstIndex(where: { !$0.isTaken }) else {
                    return current.sent.count >= 3 * Self.rate
                }
                return current.sent[first...].contains(where: \.isTaken)
            }
            #expect(isServed)
        }
        let server = try await lives.next()
        let waiting = try await deliveries(server).filter { $0.state.string == "pending" }
        #expect(waiting.allSatisfy { $0.attempts.int == 0 })
    }

    /// Nobody listens for so long, while the server is killed and more webhooks come; then the receiver is back.
    private func die(_ lives: inout Lives, _ jobs: inout [String], round: Int, seconds: Int) async throws {
        try await lives.hostile.goDown()
        for life in 0..<2 {
            let server = try await lives.next()
            jobs += try await submit(Self.rate, "down-\(round)-\(life)", server)
            #expect(
                try await eventually {
                    let metrics = try await server.get("/metrics")
                    return String(decoding: metrics.body, as: UTF8.self)
                        .contains(/usersync_webhook_attempts_total\{result="retry"\} [1-9]/)
                })
            // Only the full form waits for its own sake: longer outages reach further into the schedule.
            if seconds > 1 { try await Task.sleep(for: .seconds(seconds)) }
        }
        lives.hostile.answer(.good)
        try await lives.hostile.comeBack()
        let server = try #require(lives.server)
        let isDone = try await eventually(FaultScale.pick(Double(hangTime), full: 900)) {
            try await server.get("/api/internal/sync/status").json.webhooks.pending.int == 0
        }
        #expect(isDone)
    }

    private func submit(_ count: Int, _ name: String, _ server: ServerProcess) async throws -> [String] {
        var jobs: [String] = []
        for number in 0..<count {
            let id = "\(name)-\(number)"
            let answer = try await ServerProcess.send(
                "POST", port: server.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "tests"],
                body: Bodies.sync([Bodies.user(id, "\(id)@x.io")], tenant: "t1"))
            jobs.append(try #require(answer.json.jobId.string))
        }
        return jobs
    }

    private func deliveries(_ server: ServerProcess) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var cursor = ""
        repeat {
            let page = try await server.get("/api/internal/sync/deliveries?limit=200\(cursor)").json
            found += page.deliveries.array
            cursor = page.nextCursor.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        return found
    }

    private func count(_ jobs: [String], _ lives: Lives, _ report: inout FaultReport) async throws {
        let server = try #require(lives.server)
        let shown = try await deliveries(server)
        #expect(shown.count == jobs.count)
        #expect(shown.allSatisfy { $0.state.string == "delivered" })
        let sent = Dictionary(grouping: lives.hostile.received, by: \.job)
        for job in jobs {
            report.acknowledged += 1
            let end = try await server.get("/api/internal/sync/jobs/\(job)").json
            if end.status.string == "completed" { report.applied += 1 } else { report.lost += 1 }
            let taken = (sent[job] ?? []).filter(\.isTaken)
            if taken.isEmpty { report.webhooksMissing += 1 }
            // A life takes what it has sent for delivered; only one that was killed in between knows nothing of it.
            if Set(taken.map(\.path)).count != taken.count || Set(taken.map(\.id)).count > 1 { report.twice += 1 }
        }
    }
}
