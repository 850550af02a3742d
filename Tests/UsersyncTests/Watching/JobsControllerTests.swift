import Foundation
import JobQueue
import SyncEngine
import Synchronization
import SyncModel
import Testing

@Suite("Watching and steering jobs")
struct JobsControllerTests {
    private let base = "/api/internal/sync/jobs"

    private func queue(_ jobs: Job..., results: Int = 10) -> FakeQueue {
        var state = FakeQueue.State()
        state.jobs = jobs
        state.resultCount = results
        return FakeQueue(state)
    }

    // MARK: List

    @Test("a list goes page by page, and the last page has no cursor")
    func pages() async throws {
        let queue = queue(WatchSamples.job(3, .queued), WatchSamples.job(2, .running), WatchSamples.job(1, .completed))
        try await WatchServer.run(queue: queue) { server in
            let first = try await server.get("\(base)?limit=2").object()
            #expect(try first.array("jobs").map { $0.string("jobId") } == [WatchSamples.id(3).text, WatchSamples.id(2).text])
            let cursor = try #require(first.string("nextCursor"))
            let second = try await server.get("\(base)?limit=2&cursor=\(cursor)").object()
            #expect(try second.array("jobs").map { $0.string("jobId") } == [WatchSamples.id(1).text])
            #expect(second["nextCursor"] is NSNull)
        }
    }

    @Test("filters reach the queue as they were meant, a + for a space or an offset")
    func filters() async throws {
        let queue = queue()
        try await WatchServer.run(queue: queue) { server in
            let answer = try await server.get(
                "\(base)?status=completed_with_errors&tenantId=a+b%26c&source=wrapper&since=2025-08-19T12:00:00+02:00"
                    + "&until=2025-08-20&unknown=1&unknown=2")
            #expect(answer.status == 200)
        }
        let (filter, limit) = queue.state.withLock { ($0.jobFilter, $0.jobLimit) }
        #expect(filter?.state == .completedWithErrors)
        #expect(filter?.tenantID == "a b&c")
        #expect(filter?.source == "wrapper")
        #expect(filter?.since == WatchSamples.accepted)
        #expect(filter?.until == Timestamp(iso8601: "2025-08-20T00:00:00Z"))
        #expect(limit == 50)
    }

    @Test(
        "a value that is not valid is a 400 that names the parameter and what is allowed",
        arguments: [
            ("status=done", "status", "queued, running, completed, completed_with_errors, failed, cancelled"),
            ("limit=0", "limit", "1 to 200"), ("limit=201", "limit", "1 to 200"), ("limit=ten", "limit", "1 to 200"),
            ("limit=%2B5", "limit", "1 to 200"), ("limit=99999999999999999999", "limit", "1 to 200"),
            ("since=yesterday", "since", "ISO 8601"), ("until=2025-02-30", "until", "ISO 8601"),
            ("tenantId=", "tenantId", "1 to 255"), ("tenantId=a&tenantId=b", "tenantId", "repeated"),
            ("tenantId=%ff", "tenantId", "UTF-8"), ("source=a%00b", "source", "NUL"),
            ("cursor=mine", "cursor", "nextCursor"), ("limit", "limit", "1 to"),
        ])
    func badQuery(query: String, name: String, allowed: String) async throws {
        try await WatchServer.run { server in
            let answer = try await server.get("\(base)?\(query)")
            #expect(answer.status == 400)
            let error = try answer.object()
            #expect(error.bool("success") == false)
            let details = try #require(error.string("details"))
            #expect(details.contains("\"\(name)\""))
            #expect(details.contains(allowed))
        }
    }

    // MARK: Show

    @Test("a job that has ended shows its result inline")
    func show() async throws {
        let queue = queue(WatchSamples.job(1, .completedWithErrors, failed: 1))
        queue.state.withLock { $0.deliveries = [WatchSamples.delivery("msg_1", job: WatchSamples.id(1))] }
        try await WatchServer.run(queue: queue) { server in
            let job = try await server.get("\(base)/\(WatchSamples.id(1))").object()
            #expect(job.string("message") == "Synced 9 of 10 users")
            #expect(try job.array("results").count == 10)
            #expect(try job.object("webhook").string("id") == "msg_1")
        }
    }

    @Test("a large job shows its failed users alone, and where all are")
    func showLarge() async throws {
        var options = WatchServer.Options()
        options.publicURL = "https://sync.example"
        let queue = queue(WatchSamples.job(1, .completedWithErrors, users: 2000, failed: 200), results: 2000)
        try await WatchServer.run(queue: queue, options: options) { server in
            let job = try await server.get("\(base)/\(WatchSamples.id(1))").object()
            #expect(try job.array("results").count == 200)
            #expect(try job.array("results").allSatisfy { $0.string("status") == "failed" })
            #expect(job.string("resultsUrl") == "https://sync.example\(base)/\(WatchSamples.id(1))/results")
        }
    }

    @Test(
        "what names no job is a 404, a malformed id too",
        arguments: ["0198c1f2-9c00-7a3b-8d4e-000000000009", "nonsense", "0198c1f2", "%00"])
    func unknown(id: String) async throws {
        try await WatchServer.run { server in
            for target in ["\(base)/\(id)", "\(base)/\(id)/results"] {
                let answer = try await server.get(target)
                #expect(answer.status == 404)
                #expect(try answer.object().string("error") == "Job not found")
            }
            for action in ["retry", "cancel"] {
                #expect(try await server.post("\(base)/\(id)/\(action)").status == 404)
            }
        }
    }

    // MARK: Retry and cancel

    @Test("a retry is a 202 that leads to the linked job")
    func retry() async throws {
        let engine = FakeEngine()
        var linked = WatchSamples.job(2, .queued, users: 3)
        linked.retryOf = WatchSamples.id(1)
        engine.state.withLock { [linked] in $0.retry = .linked(linked, existing: false) }
        try await WatchServer.run(engine: engine) { server in
            let answer = try await server.post("\(base)/\(WatchSamples.id(1))/retry")
            #expect(answer.status == 202)
            #expect(answer.headers["location"] == "\(base)/\(WatchSamples.id(2))")
            #expect(answer.headers["retry-after"] == "1")
            let body = try answer.object()
            #expect(body.string("jobId") == WatchSamples.id(2).text)
            #expect(try body.object("metadata").string("retryOf") == WatchSamples.id(1).text)
        }
    }

    @Test("what cannot be retried or cancelled is a 409 that says why")
    func conflicts() async throws {
        let engine = FakeEngine()
        let path = "\(base)/\(WatchSamples.id(1))"
        try await WatchServer.run(engine: engine) { server in
            engine.state.withLock { $0.retry = .open(WatchSamples.job(1, .running)) }
            let open = try await server.post("\(path)/retry")
            #expect(open.status == 409)
            #expect(try open.object().string("details")?.contains("The job is running") == true)
            engine.state.withLock { $0.retry = .nothingFailed(WatchSamples.job(1, .completed)) }
            let nothing = try await server.post("\(path)/retry")
            #expect(nothing.status == 409)
            #expect(try nothing.object().string("details")?.contains("No user of the job failed") == true)
            engine.state.withLock { $0.cancel = .ended(WatchSamples.job(1, .completed)) }
            let ended = try await server.post("\(path)/cancel")
            #expect(ended.status == 409)
            #expect(try ended.object().string("details")?.contains("The job is completed") == true)
        }
    }

    @Test("a cancel is a 200 with the job as it stands")
    func cancel() async throws {
        let engine = FakeEngine()
        var job = WatchSamples.job(1, .running)
        job.cancelRequested = true
        engine.state.withLock { [job] in $0.cancel = .requested(job) }
        try await WatchServer.run(engine: engine) { server in
            let answer = try await server.post("\(base)/\(WatchSamples.id(1))/cancel")
            #expect(answer.status == 200)
            #expect(try answer.object().bool("cancelRequested") == true)
            #expect(try answer.object().string("status") == "running")
        }
    }
}
