import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Per-user results")
struct ResultsTests {
    private let jobs = "/api/internal/sync/jobs"
    private let ndjson = ["Accept": "application/x-ndjson"]

    /// A job of `count` users of whom every tenth fails; the path of its results.
    private func results(of count: Int, _ server: TestServer) async throws -> String {
        let users = (0..<count).map { index in
            Bodies.user("u\(index)", "u\(index)@x.io", name: index % 10 == 9 ? "" : "Some Name")
        }
        let id = try await server.submitted(users)
        _ = try await server.ended(id)
        return "\(jobs)/\(id)/results"
    }

    @Test("results come in pages, in index order, filtered by status; the job itself shows the failed ones and where all are")
    func results() async throws {
        try await TestServer.run(["PUBLIC_URL": "https://sync.example"]) { server in
            try server.refuseBadUsers()
            var users = Bodies.users(1200)
            for index in [3, 500, 1199] { users[index] = Bodies.user("bad\(index)", "bad\(index)@x.io") }
            let id = try await server.submitted(users)
            let job = try await server.ended(id)
            #expect(job.metadata.failed.int == 3 && job.metadata.created.int == 1197)
            #expect(job.resultsTruncated.bool == true && job.results.array.map(\.index.int) == [3, 500, 1199])
            #expect(job.resultsUrl.string == "https://sync.example\(jobs)/\(id)/results")
            #expect(job.message.string == "Synced 1197 of 1200 users")
            var indexes: [Int?] = []
            var cursor = ""
            repeat {
                let page = try await server.get("\(jobs)/\(id)/results?limit=500\(cursor)")
                indexes += page.json.results.array.map(\.index.int)
                cursor = page.json.nextCursor.string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty && indexes.count < 5000
            #expect(indexes == (0..<1200).map { $0 })
            let failed = try await server.get("\(jobs)/\(id)/results?status=failed&limit=1000")
            #expect(failed.json.results.array.map(\.code.string) == Array(repeating: "refused_by_database", count: 3))
        }
    }

    @Test("a page holds 100 unless asked otherwise; a status narrows pages and NDJSON alike")
    func status() async throws {
        try await TestServer.run(["VALIDATION": "per-user"]) { server in
            let path = try await results(of: 250, server)
            #expect(try await server.get(path).json.results.array.map(\.index.int) == (0..<100).map { $0 })
            for (status, count) in [("failed", 25), ("created", 225), ("updated", 0)] {
                let page = try await server.get("\(path)?status=\(status)&limit=1000").json
                #expect(page.results.array.count == count && page.nextCursor == .null, "\(status)")
                #expect(page.results.array.allSatisfy { $0.status.string == status })
                let streamed = try await server.get("\(path)?status=\(status)", headers: ndjson)
                #expect(streamed.status == 200 && streamed.lines == page.results.array, "\(status)")
            }
        }
    }

    @Test("a cursor at the end of all numbers is a 400, and the server goes on")
    func cursorAtTheEdge() async throws {
        try await TestServer.run { server in
            let path = try await results(of: 3, server)
            for cursor in ["r1y2p0ij32e8e7", "r-1y2p0ij32e8e8", "r1z141z4", "j1y2p0ij32e8e7.1y2p0ij32e8e7"] {
                let answer = try await server.get("\(path)?cursor=\(cursor)")
                #expect(answer.status == 400 && answer.json.details.string?.contains("cursor") == true, "\(cursor)")
            }
            #expect(try await server.get(path).json.results.array.count == 3)
        }
    }

    @Test("a value that is not valid is a 400; NDJSON has no pages, so limit and cursor are one too")
    func badValues() async throws {
        try await TestServer.run { server in
            let path = try await results(of: 1, server)
            for query in ["status=unchanged", "limit=1001", "limit=0", "cursor=mine", "status=failed&status=created"] {
                #expect(try await server.get("\(path)?\(query)").status == 400, "\(query)")
            }
            for query in ["status=unchanged", "limit=5", "cursor=r1"] {
                #expect(try await server.get("\(path)?\(query)", headers: ndjson).status == 400, "\(query)")
            }
        }
    }

    @Test("Accept decides between JSON and NDJSON, weights included")
    func accept() async throws {
        try await TestServer.run { server in
            let path = try await results(of: 1, server)
            for (accept, isNDJSON) in [
                ("application/x-ndjson", true), ("Application/X-NDJSON; charset=utf-8", true), ("*/*", false),
                ("application/json", false), ("application/json, application/x-ndjson", true),
                ("application/json;q=0.9, application/x-ndjson;q=0.5", false), ("application/x-ndjson;q=0", false),
                ("application/x-ndjson;q=nonsense", false), (";,;", false),
            ] {
                let answer = try await server.get(path, headers: ["Accept": accept])
                #expect(answer.status == 200 && answer.header("vary") == "Accept", "\(accept)")
                #expect(answer.header("content-type")?.hasPrefix("application/x-ndjson") == isNDJSON, "\(accept)")
            }
        }
    }
}
