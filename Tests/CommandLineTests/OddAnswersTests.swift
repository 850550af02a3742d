import Foundation
import NIOHTTP1
import SyncAPI
import SyncClient
import SyncModel
import TerminalUI
import Testing

@testable import usersync

@Suite("Answers with one odd member")
struct OddAnswersTests {
    private static var odd: [Any] {
        [
            NSNull(), "", "odd\u{1B}[2J", true, -1, 1.5, 1e300, Int64.min, Int64.max, [Any](), [1, "a", NSNull()] as [Any],
            [String: Any](), ["id": 7],
        ] + literals.map { "raw \($0)" }
    }
    /// Numbers that `JSONSerialization` does not write.
    private static let literals = [
        "-0", "1e-300", "5e-324", "1e999", "-1e999", "4611686018427387904", "18446744073709551615",
        "123456789012345678901234567890", "0.\(String(repeating: "9", count: 400))",
        String(repeating: "[", count: 200) + String(repeating: "]", count: 200),
    ]

    /// A document whose texts `raw …` are what follows, without quotes.
    private static func written(_ value: Any) throws -> Data {
        var json = String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
        for literal in literals { json = json.replacing("\"raw \(literal)\"", with: literal) }
        return Data(json.utf8)
    }
    private static let style = Style(isOn: false)

    /// The object with the member at each path replaced by each odd value, and once without it.
    private static func variants(_ value: Any) -> [(member: String, value: Any)] {
        if let object = value as? [String: Any] {
            return object.flatMap { name, member -> [(String, Any)] in
                let inner = variants(member).map { ($0.member.isEmpty ? name : $0.member, $0.value as Any?) }
                return (inner + odd.map { (name, $0) } + [(name, nil)]).map { member, value in
                    var copy = object
                    copy[name] = value
                    return (member, copy)
                }
            }
        }
        guard let array = value as? [Any] else { return [] }
        return array.indices.flatMap { at in
            variants(array[at]).map { member, value in
                var copy = array
                copy[at] = value
                return (member, copy)
            }
        }
    }

    /// Reads and shows every variant of an answer; one that cannot be read names its odd member.
    private func check<Document: JSONDocument>(
        _: Document.Type, _ json: String, needed: Set<String>, show: (Document) -> [TerminalText]
    ) throws {
        let whole = try JSONSerialization.jsonObject(with: Data(json.utf8))
        var refused: Set<String> = []
        for (member, value) in Self.variants(whole) {
            let answer = SyncClient.Answer(status: 200, headers: [:], body: try Self.written(value))
            do {
                let lines = show(try answer.decoded())
                #expect(lines.allSatisfy { !$0.rendered.contains("\u{1B}") }, "\(member)")
            } catch {
                refused.insert(member)
                #expect("\(error)".contains(member), "\(error)")
            }
        }
        #expect(refused.subtracting(needed).isEmpty)
    }

    @Test("a job is shown, or what is needed and cannot be read is named")
    func job() throws {
        let json = #"""
            {"success":true,"message":"Synced 1 of 2 users","jobId":"j","status":"completed_with_errors","sequence":3,"error":"e",
             "tenant":{"id":"t","name":"T"},"source":"s","cancelRequested":false,"retryOf":"r","statusUrl":"/j","syncType":"full",
             "metadata":{"operation":"user_sync","totalUsers":2,"successful":1,"failed":1,"created":1,"updated":0,"durationMs":12,
              "acceptedAt":"2025-08-19T10:00:00.000Z","syncedAt":"2025-08-19T10:00:01.000Z"},
             "startedAt":"2025-08-19T10:00:00.500Z","endedAt":"2025-08-19T10:00:01.000Z","failedCodes":{"invalid_user":1},
             "progress":{"usersDone":2,"total":2,"percent":100,"etaSeconds":1},"warnings":["w"],
             "attempts":[{"batch":0,"attempt":1,"at":"2025-08-19T10:00:00.600Z","error":"busy"}],
             "webhook":{"id":"w","type":"user_sync.completed","state":"dead","attempts":9,"lastError":"HTTP 503"},
             "results":[{"index":0,"userId":"u","status":"failed","code":"invalid_user"}]}
            """#
        try check(JobDocument.self, json, needed: ["jobId", "status", "tenant", "id"]) { job in
            job.lines(style: Self.style) + [job.progressLine.plain]
        }
        try check(AcknowledgementDocument.self, json, needed: ["jobId"]) { ["\($0.message)"] }
        try check(WebhookDocument.self, #"{"type":"user_sync.completed","timestamp":"x","data":\#(json)}"#, needed: ["type"]) {
            let event = WebhookReceiver.Event(receivedAt: Timestamp(seconds: 1), id: nil, body: $0.json, problem: nil)
            return [event.line(style: Self.style)]
        }
    }

    @Test("a list is shown, or what is needed and cannot be read is named")
    func lists() throws {
        try check(
            PageDocument<JobSummaryDocument>.self,
            #"""
            {"jobs":[{"jobId":"j","status":"running","tenant":{"id":"t","name":"T"},"totalUsers":2,"failed":1,"source":"s",
              "acceptedAt":"2025-08-19T10:00:00.000Z","cancelRequested":true}],"nextCursor":"c"}
            """#, needed: ["jobs", "jobId", "status", "tenant", "id"]
        ) { JobTables.jobs($0.items).lines(width: 100, style: Self.style) }
        try check(
            PageDocument<UserResultDocument>.self,
            #"{"results":[{"index":1,"userId":"u","email":"e","status":"failed","code":"c","error":"x"}],"nextCursor":null}"#,
            needed: ["results"]
        ) { JobTables.failures($0.items).lines(width: 100, style: Self.style) }
        try check(
            PageDocument<DeliveryDocument>.self,
            #"""
            {"deliveries":[{"id":"m","type":"t","state":"dead","attempts":9,"jobId":"j","lastStatus":503,"lastError":"busy",
              "createdAt":"2025-08-19T10:00:00.000Z"}]}
            """#, needed: ["deliveries", "id", "state"]
        ) { JobTables.deliveries($0.items).lines(width: 100, style: Self.style) }
    }

    @Test("a status is shown whatever one of its members is")
    func status() throws {
        let json = #"""
            {"success":true,"timestamp":"2025-08-19T10:00:00.000Z","jobs":{"queued":1,"running":2},"pendingUsers":7,
             "oldestPendingAgeSeconds":400.5,"tenants":[{"tenantId":"t","openJobs":1,"pendingUsers":7,"currentJobId":"j"}],
             "workers":{"active":1,"idle":1},"usersPerSecond":{"1m":0,"5m":1.5},
             "retrying":[{"jobId":"j","batch":1,"attempts":2,"nextAttemptAt":"2025-08-19T10:00:05.000Z","lastError":"busy"}],
             "directory":{"state":"unavailable","since":"2025-08-19T09:00:00.000Z","error":"disk"},
             "webhooks":{"pending":1,"dead":2,"oldestAgeSeconds":500,"lastError":"HTTP 503"},
             "queue":{"bytes":1,"walBytes":2,"freeDiskBytes":3},"draining":false}
            """#
        try check(StatusDocument.self, json, needed: []) { status in
            StatusScreen(status: status, server: "s", now: Timestamp(seconds: 1_755_597_600)).lines(width: 100, style: Self.style)
        }
    }
}
