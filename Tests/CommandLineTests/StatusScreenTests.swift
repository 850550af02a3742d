import Foundation
import SyncAPI
import SyncModel
import TerminalUI
import Testing

@testable import usersync

@Suite("status, for who was woken up")
struct StatusScreenTests {
    private let now = Timestamp(iso8601: "2025-08-19T02:52:00Z") ?? Timestamp(seconds: 0)

    private func text(_ status: StatusDocument) -> String {
        StatusScreen(status: status, server: "http://s", now: now).lines(width: 120, style: Style(isOn: false)).joined(
            separator: "\n"
        ).plain
    }

    @Test("an idle server is well")
    func well() {
        var status = StatusDocument()
        status.jobs.counts = [.completed: 1200]
        status.directory = DirectoryDocument(DirectoryHealth(state: .ok, since: now, error: nil))
        let text = text(status)
        #expect(text.contains("✔ all is well"))
        #expect(text.contains("1,200 completed"))
        #expect(!text.contains("→"))
    }

    @Test("a directory in trouble says since when and what to do")
    func directory() throws {
        let since = try #require(Timestamp(iso8601: "2025-08-19T02:14:00.000Z"))
        var status = StatusDocument()
        status.directory = DirectoryDocument(DirectoryHealth(state: .unavailable, since: since, error: "disk I/O error"))
        let text = text(status)
        #expect(text.contains("✘ needs attention"))
        #expect(text.contains("cannot be written since 2025-08-19 02:14:00 UTC (38 min ago): disk I/O error"))
        #expect(text.contains("→ Fix the database"))
    }

    @Test("dead webhooks and batches in backoff name the command to press")
    func press() {
        var status = StatusDocument()
        status.retrying = [.init(jobID: "j1", nextAttemptAt: now.advanced(bySeconds: 40), lastError: "deadlock")]
        status.webhooks = .init(pending: 3, dead: 1, oldestAgeSeconds: 3600, lastError: "HTTP 503")
        let attentions = StatusScreen(status: status, server: "s", now: now).attentions
        #expect(attentions.map(\.isGrave) == [true, false, false])
        #expect(attentions[0].press.contains("usersync deliveries redeliver --dead"))
        #expect(attentions[1].what == "1 batch waits for another attempt, the next in 40 s: deadlock")
        #expect(attentions[1].press == "usersync jobs show j1")
        #expect(attentions[2].what.hasSuffix("the oldest for 1 h"))
        status.webhooks?.heldDestinations = 1
        status.webhooks?.heldUntil = Timestamp(seconds: 1_755_600_000)
        let held = StatusScreen(status: status, server: "s", now: now).attentions[2].what
        #expect(held.hasSuffix("the oldest for 1 h; 1 receiver asked us to wait, the longest until 2025-08-19T10:40:00.000Z"))
    }

    @Test("a merge of tenants says what it waits for, since when, and how to take it back")
    func merge() throws {
        var status = StatusDocument()
        var merge = MergeDocument()
        (merge.id, merge.alias, merge.tenantID, merge.state) = (3, "org_1", "acme", "draining")
        (merge.openJobs, merge.heldJobs) = (1, 2_000)
        merge.since = Timestamp(iso8601: "2025-08-19T02:14:00.000Z")
        status.merges = [merge]
        let attention = try #require(StatusScreen(status: status, server: "s", now: now).attentions.first)
        #expect(
            attention.what == """
                The merge of org_1 into acme waits for 1 open job since 2025-08-19 02:14:00 UTC (38 min ago); 2,000 jobs wait for it
                """)
        #expect(attention.press.hasSuffix("usersync tenants merges cancel 3"))
        status.merges[0].openJobs = 0
        status.merges[0].state = "moving"
        let moving = try #require(StatusScreen(status: status, server: "s", now: now).attentions.first)
        #expect(
            moving.what.contains("is moving since") && moving.press == "usersync tenants merges list", "it cannot be taken back")
    }

    @Test("a tenant at work names its job")
    func tenants() {
        var status = StatusDocument()
        status.tenants = [
            .init(tenantID: "acme", openJobs: 2, pendingUsers: 1500, currentJobID: "job-7"), .init(tenantID: "idle"),
        ]
        let lines = text(status).split(separator: "\n")
        #expect(lines.contains { $0.contains("acme") && $0.contains("1,500") && $0.contains("job-7") })
        #expect(lines.contains { $0.contains("idle") && $0.hasSuffix("-") })
    }

    @Test("users that wait while nothing moves are called stuck, and those that move are not")
    func stuck() {
        var status = StatusDocument()
        status.pendingUsers = 500
        status.oldestPendingAgeSeconds = 900
        status.usersPerSecond = .init()
        status.usersPerSecond?.fiveMinutes = 10
        status.directory = DirectoryDocument(DirectoryHealth(state: .ok, since: now, error: nil))
        #expect(StatusScreen(status: status, server: "s", now: now).attentions.map(\.isGrave) == [true])
        status.usersPerSecond?.oneMinute = 12
        #expect(StatusScreen(status: status, server: "s", now: now).attentions.isEmpty)
    }

    @Test("figures that the queue's store does not have are left out")
    func absentFigures() throws {
        let json = #"{"jobs":{},"queue":{"bytes":2000,"walBytes":null,"freeDiskBytes":null}}"#
        let screen = StatusScreen(status: try StatusDocument(json: Data(json.utf8)), server: "s", now: now)
        let line = try #require(screen.lines(width: 80, style: Style(isOn: false)).map(\.plain).first { $0.contains("Queue") })
        #expect(!line.contains("log") && !line.contains("free") && !line.hasSuffix(","))
        #expect(screen.attentions.isEmpty)
    }

    @Test("a status whose figures are beyond reason is shown")
    func oddStatus() throws {
        let json = """
            {"jobs":{"queued":\(Int.max)},"pendingUsers":\(Int.max),"oldestPendingAgeSeconds":1e300,
            "workers":{"active":\(Int.max),"idle":\(Int.max)},"usersPerSecond":{"1m":1e300,"5m":-1e300},
            "retrying":[{"jobId":"j","nextAttemptAt":"9999-12-31T23:59:59Z"}],"directory":{"state":"ok","since":"0001-01-01"},
            "webhooks":{"pending":\(Int.max),"dead":\(Int.min),"oldestAgeSeconds":1e300},
            "queue":{"bytes":\(Int.max),"walBytes":\(Int.min),"freeDiskBytes":0}}
            """
        let status = try StatusDocument(json: Data(json.utf8))
        for now in [Int64.min, .max] {
            let screen = StatusScreen(status: status, server: "s", now: Timestamp(microseconds: now))
            #expect(screen.lines(width: 80, style: Style(isOn: false)).count > 5)
        }
        let job =
            #"{"jobId":"j","status":"running","tenant":{"id":"t","name":"T"},"metadata":{"created":\#(Int.max),"updated":1}}"#
        #expect(try JobDocument(json: Data(job.utf8)).settled == .max)
    }
}
