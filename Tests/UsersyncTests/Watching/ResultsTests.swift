import AsyncHTTPClient
import Foundation
import JobQueue
import NIOCore
import NIOHTTP1
import Synchronization
import SyncModel
import SyncServer
import Testing

@Suite("Per-user results", .timeLimit(.minutes(1)))
struct ResultsTests {
    private let path = "/api/internal/sync/jobs/\(WatchSamples.id(1))/results"

    private func queue(results: Int) -> FakeQueue {
        var state = FakeQueue.State()
        state.jobs = [WatchSamples.job(1, .completedWithErrors, users: results, failed: results / 10)]
        state.resultCount = results
        return FakeQueue(state)
    }

    private func lines(_ answer: Answer) throws -> [[String: Any]] {
        #expect(answer.body.last == 0x0A)
        return try answer.body.split(separator: 0x0A).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
    }

    @Test("a page holds 100 unless asked otherwise; the pages together hold all, in index order")
    func pages() async throws {
        try await WatchServer.run(queue: queue(results: 250)) { server in
            #expect(try await server.get(path).object().array("results").count == 100)
            var indices: [Int?] = []
            var cursor: String?
            repeat {
                let page = try await server.get("\(path)?limit=70" + (cursor.map { "&cursor=\($0)" } ?? "")).object()
                indices += try page.array("results").map { $0.int("index") }
                cursor = page.string("nextCursor")
            } while cursor != nil
            #expect(indices == Array(0..<250))
        }
    }

    @Test("a status narrows them", arguments: [(ResultStatusFilter.failed, 25), (.created, 225), (.updated, 0)])
    func status(status: ResultStatusFilter, count: Int) async throws {
        try await WatchServer.run(queue: queue(results: 250)) { server in
            let page = try await server.get("\(path)?status=\(status.rawValue)&limit=1000").object()
            #expect(try page.array("results").count == count)
            #expect(try page.array("results").allSatisfy { $0.string("status") == status.rawValue })
            let streamed = try await server.get("\(path)?status=\(status.rawValue)", accept: "application/x-ndjson")
            #expect(streamed.body.count { $0 == 0x0A } == count)
        }
    }

    @Test(
        "a value that is not valid is a 400",
        arguments: ["status=unchanged", "limit=1001", "limit=0", "cursor=mine", "status=failed&status=created"])
    func badQuery(query: String) async throws {
        try await WatchServer.run(queue: queue(results: 1)) { server in
            let answer = try await server.get("\(path)?\(query)")
            #expect(answer.status == 400)
        }
    }

    @Test("NDJSON holds all of them, a line each, over many pages")
    func ndjson() async throws {
        let queue = queue(results: 3500)
        try await WatchServer.run(queue: queue) { server in
            let answer = try await server.get(path, accept: "application/x-ndjson")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/x-ndjson")
            #expect(answer.headers["transfer-encoding"] == "chunked")
            #expect(try lines(answer).map { $0.int("index") } == Array(0..<3500))
        }
        #expect(queue.state.withLock { $0.resultPages } == 4)
    }

    @Test("NDJSON of no results is an empty body")
    func ndjsonEmpty() async throws {
        try await WatchServer.run(queue: queue(results: 0)) { server in
            let answer = try await server.get(path, accept: "application/x-ndjson")
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
        }
    }

    @Test("NDJSON has no pages: limit and cursor are a 400")
    func ndjsonPages() async throws {
        try await WatchServer.run(queue: queue(results: 1)) { server in
            for query in ["limit=5", "cursor=at-1"] {
                let answer = try await server.get("\(path)?\(query)", accept: "application/x-ndjson")
                #expect(answer.status == 400)
            }
        }
    }

    @Test(
        "Accept decides, weights included",
        arguments: [
            ("application/x-ndjson", true), ("Application/X-NDJSON; charset=utf-8", true), ("*/*", false),
            ("application/json", false), ("application/json, application/x-ndjson", true),
            ("application/json;q=0.9, application/x-ndjson;q=0.5", false), ("application/x-ndjson;q=0", false),
            ("application/x-ndjson;q=nonsense", false), (";,;", false),
        ])
    func accept(accept: String, isNDJSON: Bool) async throws {
        try await WatchServer.run(queue: queue(results: 1)) { server in
            let answer = try await server.get(path, accept: accept)
            #expect(answer.headers["content-type"]?.hasPrefix("application/x-ndjson") == isNDJSON)
            #expect(answer.headers["vary"] == "Accept")
        }
    }

    @Test("a stream that cannot be read on is cut, not ended as if it were whole")
    func failure() async throws {
        let queue = queue(results: 5000)
        queue.state.withLock { $0.failingResultPage = 3 }
        try await WatchServer.run(queue: queue) { server in
            await #expect(throws: (any Error).self) {
                _ = try await server.get(path, accept: "application/x-ndjson")
            }
        }
    }

    @Test("a stream stops when its caller goes away")
    func callerGone() async throws {
        // Enough results to stream for hours: the server's end, which waits for its connections, would not come.
        let queue = queue(results: Int(UInt32.max))
        try await WatchServer.run(queue: queue) { server in
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(server.port)\(path)")
            request.headers.add(name: "Accept", value: "application/x-ndjson")
            let client = HTTPClient()
            let response = try await client.execute(request, timeout: .seconds(30))
            var chunks = response.body.makeAsyncIterator()
            #expect(try await chunks.next() != nil)
            try await client.shutdown()
        }
        #expect(queue.state.withLock { $0.resultPages } < 1_000_000)
    }
}
