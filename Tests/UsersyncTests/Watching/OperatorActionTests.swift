import JobQueue
import Logging
import SyncEngine
import Synchronization
import SyncModel
import Testing

@Suite("The audit trail")
struct OperatorActionTests {
    @Test("has a line for every action, accepted or refused, naming who did what to which")
    func lines() async throws {
        let recorder = LogRecorder()
        var options = WatchServer.Options()
        options.log = recorder
        let engine = FakeEngine()
        let queue = FakeQueue()
        queue.state.withLock { $0.deliveries = [WatchSamples.delivery("msg_1", job: nil)] }
        engine.state.withLock { state in
            state.knownDeliveries = ["msg_1"]
            state.cancel = .requested(WatchSamples.job(1, .running))
            state.retry = .open(WatchSamples.job(1, .running))
        }
        try await WatchServer.run(queue: queue, engine: engine, options: options) { server in
            let job = "/api/internal/sync/jobs/\(WatchSamples.id(1))"
            _ = try await server.post("\(job)/cancel")
            _ = try await server.post("\(job)/retry")
            _ = try await server.post("/api/internal/sync/deliveries/msg_1/redeliver")
            _ = try await server.post("/api/internal/sync/deliveries/test")
            _ = try await server.get(job)
        }
        let lines = recorder.lines.filter { $0.message == "operator action" }
        #expect(lines.map { $0.metadata["action"] } == ["cancel", "retry", "redeliver", "test"])
        #expect(lines.map { $0.metadata["outcome"] } == ["accepted", "refused: running", "accepted", "refused: no address"])
        #expect(lines.map { $0.metadata["jobId"] } == [WatchSamples.id(1).text, WatchSamples.id(1).text, nil, nil])
        #expect(lines[2].metadata["deliveryId"] == "msg_1")
        for line in lines {
            #expect(line.level == .notice)
            #expect(line.metadata["keyId"] == "0a1b2c3d")
            #expect(line.metadata["role"] == "ops")
            #expect(line.metadata["requestId"] == "request-of-the-test")
            for value in line.metadata.values { #expect(!value.contains("Company")) }
        }
    }
}
