import Webhooks
import Foundation
import ServerTestSupport
import SyncEngine
import SyncModel
import TestSupport
import Testing

import UsersyncApp

@Suite("Faults: hostile receivers of webhooks")
struct HostileReceiverFaults {
    @Test(
        "a receiver that does not answer, drips, floods, hangs up or answers badly holds up no job; once it behaves it gets every webhook"
    )
    func manners() async throws {
        let manners: [(String, HostileReceiver.Manner)] = [
            ("silence", .silence), ("a head of a byte a second", .drip), ("a closed connection", .close),
            ("500", .status(500)), ("404", .status(404)), ("101", .status(101)), ("300", .status(300)),
            ("429 for a minute", .status(429, headers: ["Retry-After": "60"])),
            ("503 with rubbish", .status(503, headers: ["Retry-After": "-1 soon \u{7F}"])),
        ]
        let report = try await withThrowingTaskGroup(of: FaultReport.self) { group in
            for (name, manner) in manners { group.addTask { try await self.deliveries(name, manner) } }
            return try await group.reduce(FaultReport(fault: "receivers that answer badly or not at all")) { $0 + $1 }
        }
        try report.publish()
    }

    private func deliveries(_ name: String, _ manner: HostileReceiver.Manner) async throws -> FaultReport {
        var report = FaultReport(fault: name)
        try await HostileReceiver.run(manner) { hostile in
            try await TestServer.run(["WRAPPER_WEBHOOK_URL": hostile.url]) { server in
                var jobs: [String] = []
                for number in 0..<FaultScale.pick(5, full: 100) {
                    jobs.append(try await server.submitted([Bodies.user("u\(number)", "u\(number)@x.io")]))
                    report.tries += 1
                    report.acknowledged += 1
                }
                // The jobs end however the receiver behaves.
                for job in jobs {
                    let shown = try await server.ended(job)
                    if shown.status.string == "completed" { report.applied += 1 } else { report.lost += 1 }
                }
                #expect(await eventually { !hostile.received.isEmpty }, "\(name)")
                let isKnown = try await eventually { try await server.status().webhooks.lastError.string != nil }
                #expect(isKnown, "\(name)")
                hostile.answer(.good)
                #expect(try await isDelivered(server), "\(name)")
                for job in jobs {
                    let webhooks = hostile.received.filter { $0.job == job }
                    let taken = webhooks.filter { if case .good = $0.manner { true } else { false } }
                    if taken.isEmpty { report.webhooksMissing += 1 }
                    if taken.count > 1 || Set(webhooks.map(\.id)).count != 1 { report.twice += 1 }
                }
            }
        }
        return report
    }

    /// Lets time pass until the webhooks are delivered.
    private func isDelivered(_ server: TestServer) async throws -> Bool {
        try await eventually(90) {
            server.clock.advance(120)
            server.app.assembly.courier.wake()
            try? await Task.sleep(for: .milliseconds(100))
            return try await server.status().webhooks.pending.int == 0
        }
    }

    @Test("an endless body behind a 200 is cut off; the webhook counts as delivered")
    func endlessBody() async throws {
        try await HostileReceiver.run(.endlessBody) { hostile in
            try await TestServer.run(["WRAPPER_WEBHOOK_URL": hostile.url]) { server in
                for number in 0..<3 { _ = try await server.submitted([Bodies.user("u\(number)", "u\(number)@x.io")]) }
                #expect(
                    try await eventually {
                        try await server.get("/api/internal/sync/deliveries?state=delivered").json.deliveries.array.count == 3
                    })
                #expect(hostile.received.count == 3)
            }
        }
    }

    @Test("a redirect to an internal address is not followed, however it is spelled")
    func redirects() async throws {
        var report = FaultReport(fault: "redirects to internal addresses")
        try await HostileReceiver.run(.good) { inside in
            for code in [301, 302, 303, 307, 308] {
                let target = "http://127.0.0.1:\(inside.port)/internal"
                let hostile = HostileReceiver.Manner.status(code, headers: ["Location": target, "Refresh": "0; url=\(target)"])
                let part = try await deliveries("\(code)", hostile)
                report = report + part
            }
            #expect(inside.connections == 0)
        }
        try report.publish()
    }

    @Test("410 ends a delivery at once; it is dead, visible, and can be sent again")
    func gone() async throws {
        try await HostileReceiver.run(.status(410)) { hostile in
            try await TestServer.run(["WRAPPER_WEBHOOK_URL": hostile.url]) { server in
                let job = try await server.submitted([Bodies.user("u1", "a@x.io")])
                #expect(try await eventually { try await server.job(job).webhook.state.string == "dead" })
                #expect(try await server.status().webhooks.dead.int == 1)
                let id = try #require(try await server.job(job).webhook.id.string)
                hostile.answer(.good)
                #expect(try await server.act("deliveries/\(id)/redeliver").status == 202)
                #expect(try await eventually { try await server.job(job).webhook.state.string == "delivered" })
                #expect(hostile.received.map(\.id) == [id, id])
            }
        }
    }

    @Test("Retry-After is kept to, in seconds and as a date: no attempt before, one after")
    func retryAfter() async throws {
        try await HostileReceiver.run(.silence) { hostile in
            try await TestServer.run(["WRAPPER_WEBHOOK_URL": hostile.url]) { server in
                let date = DateFormatter()
                date.locale = Locale(identifier: "en_US_POSIX")
                date.timeZone = TimeZone(identifier: "GMT")
                date.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
                for (number, isDate) in [false, true].enumerated() {
                    let until = Date(timeIntervalSince1970: server.clock.now.seconds + 1200)
                    hostile.answer(.status(429, headers: ["Retry-After": isDate ? date.string(from: until) : "1200"]))
                    let job = try await server.submitted([Bodies.user("u\(number)", "u\(number)@x.io")])
                    func attempts() -> Int { hostile.received.count { $0.job == job } }
                    #expect(await eventually { attempts() == 1 })
                    #expect(
                        try await eventually {
                            try await server.get("/api/internal/sync/deliveries?jobId=\(job)").json.deliveries[0].lastStatus.int
                                == 429
                        })
                    hostile.answer(.good)
                    server.clock.advance(1000)
                    server.app.assembly.courier.wake()
                    // What goes the same way waits as well, and then all of it is sent.
                    #expect(try await server.act("deliveries/test").status == 202)
                    #expect(attempts() == 1)
                    server.clock.advance(220)
                    server.app.assembly.courier.wake()
                    #expect(await eventually { attempts() == 2 })
                }
            }
        }
    }

    @Test("5xx for an hour: few attempts, none lost, then each webhook arrives under its first id")
    func outage() async throws {
        var report = FaultReport(fault: "a receiver that answers 503 for an hour")
        try await HostileReceiver.run(.status(503)) { hostile in
            try await TestServer.run(["WRAPPER_WEBHOOK_URL": hostile.url]) { server in
                var jobs: [String] = []
                for minute in 0..<12 {
                    jobs.append(try await server.submitted([Bodies.user("u\(minute)", "u\(minute)@x.io")]))
                    // Once it is down, one of them is sent now and then, and the others wait.
                    if minute == 0 { #expect(await eventually { !hostile.received.isEmpty }) }
                    server.clock.advance(300)
                    report.tries += 1
                    report.acknowledged += 1
                }
                #expect(try await eventually { try await server.status().webhooks.pending.int == 12 })
                #expect(try await server.status().webhooks.dead.int == 0)
                // 5 s, 30 s, 5 min and 30 min after the first: five within the hour.
                for job in jobs { #expect(hostile.received.count { $0.job == job } <= 5) }
                hostile.answer(.good)
                #expect(
                    try await eventually {
                        server.clock.advance(600)
                        server.app.assembly.courier.wake()
                        try? await Task.sleep(for: .milliseconds(100))
                        return try await server.status().webhooks.pending.int == 0
                    })
                for job in jobs {
                    if try await server.job(job).status.string == "completed" { report.applied += 1 }
                    let webhooks = hostile.received.filter { $0.job == job }
                    let taken = webhooks.count { if case .good = $0.manner { true } else { false } }
                    if taken == 0 { report.webhooksMissing += 1 }
                    if taken > 1 || Set(webhooks.map(\.id)).count != 1 { report.twice += 1 }
                }
            }
        }
        try report.publish()
    }

    @Test("callbacks whose host leads to an internal address are not made, and hold up nobody else's")
    func callbacks() async throws {
        var report = FaultReport(fault: "callbacks to internal addresses beside a good receiver")
        try await TestServer.run(["WEBHOOK_ALLOWED_HOSTS": "localhost"]) { server in
            let good = GoodCaller(server)
            for number in 0..<FaultScale.pick(50, full: 1000) {
                let url = #"{"callbackUrl":"https://localhost/hook"}"#
                _ = try await server.submitted([Bodies.user("u\(number)", "u\(number)@x.io")], metadata: url)
                report.tries += 1
                if number % 10 == 0 { try await good.submit(&report) }
            }
            let isRefused = try await eventually {
                try await server.status().webhooks.lastError.string == "the host's address is not public"
            }
            #expect(isRefused)
        }
        try report.publish()
    }

    @Test("a receiver without TLS behind an https address gets no webhook, and no job waits for it")
    func tls() async throws {
        try await HostileReceiver.run(.good) { hostile in
            try await TestServer.run(["WRAPPER_WEBHOOK_URL": "https://127.0.0.1:\(hostile.port)/hook"]) { server in
                let job = try await server.submitted([Bodies.user("u1", "a@x.io")])
                #expect(try await server.ended(job).status.string == "completed")
                #expect(
                    try await eventually { try await server.status().webhooks.lastError.string?.hasPrefix("TLS") == true })
                #expect(hostile.received.isEmpty)
                #expect(try await server.job(job).webhook.state.string == "pending")
            }
        }
    }
}
