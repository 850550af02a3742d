import Foundation
import JobQueue
import Synchronization
import SyncModel
import SyncServer
import Testing

@Suite("The webhook log")
struct DeliveriesControllerTests {
    private let base = "/api/internal/sync/deliveries"

    private func queue() -> FakeQueue {
        var state = FakeQueue.State()
        state.deliveries = [
            WatchSamples.delivery("msg_2", job: WatchSamples.id(2)),
            WatchSamples.delivery("msg_1", job: WatchSamples.id(1), .dead),
        ]
        return FakeQueue(state)
    }

    @Test("lists deliveries without their bodies and without the secrets of their addresses")
    func list() async throws {
        try await WatchServer.run(queue: queue()) { server in
            let answer = try await server.get(base)
            let deliveries = try answer.object().array("deliveries")
            #expect(deliveries.map { $0.string("id") } == ["msg_2", "msg_1"])
            #expect(deliveries.first?.string("url") == "https://wrapper.example/hook?…")
            #expect(deliveries.first?.int("lastStatus") == 502)
            #expect(deliveries.last?["nextAttemptAt"] is NSNull)
            for secret in ["private", "secret", "abc"] { #expect(!answer.text.contains(secret)) }
        }
    }

    @Test("filters reach the queue; a value that is not valid is a 400")
    func filters() async throws {
        let queue = queue()
        try await WatchServer.run(queue: queue) { server in
            let answer = try await server.get("\(base)?state=dead&jobId=\(WatchSamples.id(1))&tenantId=tenant-uuid&limit=1")
            #expect(try answer.object().string("nextCursor") == "at-1")
            let filter = queue.state.withLock { $0.deliveryFilter }
            #expect(filter?.state == .dead)
            #expect(filter?.jobID == WatchSamples.id(1))
            #expect(filter?.tenantID == "tenant-uuid")
            for query in ["state=failed", "jobId=1", "limit=201", "cursor=mine", "state=dead&state=dead"] {
                #expect(try await server.get("\(base)?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test("a delivery is sent again; one that is unknown is a 404")
    func redeliver() async throws {
        let engine = FakeEngine()
        engine.state.withLock { $0.knownDeliveries = ["msg_1"] }
        try await WatchServer.run(queue: queue(), engine: engine) { server in
            let answer = try await server.post("\(base)/msg_1/redeliver")
            #expect(answer.status == 202)
            #expect(try answer.object().object("delivery").string("id") == "msg_1")
            for id in ["msg_9", "%20", String(repeating: "a", count: 129)] {
                #expect(try await server.post("\(base)/\(id)/redeliver").status == 404)
            }
        }
        #expect(engine.state.withLock { $0.redelivered } == ["msg_1"])
    }

    @Test("a test event is a 202 with its delivery; without an address a 409")
    func test() async throws {
        let engine = FakeEngine()
        try await WatchServer.run(engine: engine) { server in
            let refused = try await server.post("\(base)/test")
            #expect(refused.status == 409)
            #expect(try refused.object().string("error") == "No webhook address is configured")
            engine.state.withLock { $0.testEvent = WatchSamples.delivery("msg_test", job: nil) }
            let answer = try await server.post("\(base)/test")
            #expect(answer.status == 202)
            #expect(try answer.object().object("delivery").string("id") == "msg_test")
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
