import AsyncHTTPClient
import Foundation
import JobQueue
import JobQueueSQLite
import NIOCore
import NIOHTTP1
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

import UsersyncApp

@Suite("All results as NDJSON", .timeLimit(.minutes(5)))
struct ResultsStreamTests {
    /// A job of `count` users in the order of their emails, so that a batch holds the next hundred of them; the path of its results.
    private func results(of count: Int, textLength: Int = 4, _ server: TestServer) async throws -> String {
        let filling = String(repeating: "x", count: textLength)
        let host = String(repeating: filling.prefix(60) + ".", count: 3)
        let id = try await server.submitted(
            (0..<count).map { Bodies.user("\($0)-\(filling)", "u\(100_000 + $0)@\(host)io") })
        let job = try await server.ended(id)
        #expect(job.metadata.created.int == count)
        return "/api/internal/sync/jobs/\(id)/results"
    }

    private func stream(_ path: String, of server: TestServer, _ client: HTTPClient = .shared) async throws
        -> HTTPClientResponse
    {
        var request = HTTPClientRequest(url: server.url + path)
        request.headers.add(name: "X-Internal-API-Key", value: TestServer.key)
        request.headers.add(name: "Accept", value: "application/x-ndjson")
        return try await client.execute(request, timeout: .seconds(hangTime))
    }

    private static func lines(of part: ByteBuffer?) -> Int { part?.readableBytesView.count { $0 == 0x0A } ?? 0 }

    @Test("it holds all of them, a line each, over many pages; without results it is empty")
    func whole() async throws {
        try await TestServer.run { server in
            for count in [3500, 0] {
                let answer = try await server.get(
                    try await results(of: count, server), headers: ["Accept": "application/x-ndjson"])
                #expect(answer.status == 200 && answer.header("content-type") == "application/x-ndjson")
                #expect(answer.header("transfer-encoding") == "chunked")
                #expect(answer.lines.map(\.index.int) == (0..<count).map { $0 })
                #expect(answer.text.isEmpty || answer.text.hasSuffix("}\n"))
            }
        }
    }

    @Test("a stream that cannot be read on is cut, not ended as if it were whole")
    func damaged() async throws {
        try await TestServer.run { server in
            let path = try await results(of: 3500, server)
            try server.damageResults(fromBatch: 25)
            let response = try await stream(path, of: server)
            #expect(response.status == .ok)
            var lines = 0
            await #expect(throws: (any Error).self) {
                for try await part in response.body { lines += part.readableBytesView.count { $0 == 0x0A } }
            }
            #expect((1...2000).contains(lines))
            #expect(await eventually { server.log.contains("malformed JSON") })
        }
    }

    @Test("a stream whose job is deleted under it is cut, not ended as if it were whole")
    func deleted() async throws {
        try await TestServer.run { server in
            let path = try await results(of: 12_000, textLength: 240, server)
            let response = try await stream(path, of: server)
            #expect(response.status == .ok)
            var parts = response.body.makeAsyncIterator()
            var lines = Self.lines(of: try await parts.next())
            let other = try OtherProcess(path: server.queuePath)
            try other.execute("DELETE FROM jobs")
            try other.close()
            await #expect(throws: (any Error).self) {
                while let part = try await parts.next() { lines += Self.lines(of: part) }
            }
            #expect((1..<12_000).contains(lines))
            #expect(try await server.get(path).status == 404)
        }
    }

    @Test("what is being read is not pruned, and goes once it was read")
    func notPruned() async throws {
        try await TestServer.run { server in
            let path = try await results(of: 12_000, textLength: 240, server)
            let queue = server.app.assembly.queue
            let later = server.clock.now.advanced(bySeconds: 60)
            // Old enough to go from here on: its webhook was taken, its ledger forgotten.
            let isDelivered = try await eventually {
                try await server.get("/api/internal/sync/deliveries?state=delivered").json.deliveries.array.count == 1
            }
            #expect(isDelivered)
            try await queue.ledgerForgotten(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 10))
            let response = try await stream(path, of: server)
            var parts = response.body.makeAsyncIterator()
            var lines = Self.lines(of: try await parts.next())
            #expect(try await queue.prune(jobsBefore: later, keysBefore: later, limit: 10) == 0)
            while let part = try await parts.next() { lines += Self.lines(of: part) }
            #expect(lines == 12_000)
            #expect(try await eventually { try await queue.prune(jobsBefore: later, keysBefore: later, limit: 10) == 1 })
        }
    }

    @Test("it stops when its caller goes away: what comes after is not read")
    func callerGone() async throws {
        var log = CapturedLog()
        try await TestServer.run { server in
            log = server.log
            // More than the buffers between server and caller hold. To read it all would come upon the damage, and say so.
            let path = try await results(of: 12_000, textLength: 240, server)
            try server.damageResults(fromBatch: 115)
            let client = HTTPClient()
            do {
                var parts = try await stream(path, of: server, client).body.makeAsyncIterator()
                #expect(try await parts.next() != nil)
            } catch {
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
        // The server has stopped: no answer is under way any more.
        #expect(!log.contains("malformed JSON"))
    }
}
