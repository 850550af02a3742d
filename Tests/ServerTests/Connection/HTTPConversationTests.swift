import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("HTTP as others speak it")
struct HTTPConversationTests {
    private let live = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

    private func expectRefusal(_ answer: RawAnswer?, _ status: Int, _ what: String) {
        guard let answer else {
            Issue.record("\(what): no answer")
            return
        }
        #expect(answer.status == status, "\(what): \(answer.status) \(answer.body.prefix(200))")
        #expect(answer.isWhole, "\(what)")
        #expect(answer.field("date")?.hasSuffix(" GMT") == true, "\(what): no Date")
        #expect(answer.field("x-request-id") != nil, "\(what): no X-Request-ID")
        #expect(answer.json.success.bool == false, "\(what): \(answer.body)")
        #expect(answer.json.requestId.string == answer.field("x-request-id"), "\(what)")
        #expect(answer.json.error.string != nil && answer.json.timestamp.string != nil, "\(what)")
    }

    @Test("Upgrade is ignored and the connection goes on, with a body too", arguments: ["a", "h2c", "websocket", "TLS/1.0, h2c"])
    func upgrade(to protocols: String) async throws {
        try await TestServer.run { server in
            let upgrade =
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: \(protocols)\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
            let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\(upgrade)\r\n"
            let body = Bodies.sync([], tenant: "hostile")
            let post = RawCaller.head("Content-Length: \(body.utf8.count)", String(upgrade.dropLast(2))) + body
            let (answers, isClosed) = try await RawCaller.answers(
                port: server.port, get + get + post + post + live, count: 5)
            #expect(answers.map(\.status) == [200, 200, 202, 202, 200])
            #expect(!isClosed)
        }
    }

    @Test("CONNECT is a 405, and what follows it is nobody's")
    func connect() async throws {
        try await TestServer.run { server in
            let (answers, isClosed) = try await RawCaller.answers(
                port: server.port, "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n" + live)
            expectRefusal(answers.first, 405, "CONNECT")
            #expect(answers.first?.field("allow") == "GET, HEAD, POST")
            #expect(answers.count == 1 && isClosed)
        }
    }

    @Test("HEAD has no body, wherever it leads; the next answer is read right")
    func head() async throws {
        try await TestServer.run { server in
            let paths = ["/livez", "/nowhere", "/api/internal/sync/users", "/api/internal/sync/jobs"]
            for path in paths {
                let (answers, _) = try await RawCaller.answers(
                    port: server.port,
                    "HEAD \(path) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n\r\n" + live, count: 2,
                    to: ["HEAD"])
                let expected = ["/livez": 200, "/nowhere": 404, "/api/internal/sync/users": 405, "/api/internal/sync/jobs": 200]
                #expect(answers.first?.status == expected[path], "\(path)")
                #expect(answers.allSatisfy { $0.status > 0 }, "\(path): \(answers)")
                if answers.first?.field("connection") != "close" { #expect(answers.last?.status == 200 && answers.count == 2) }
            }
            // No request at all, but HEAD.
            let (answers, _) = try await RawCaller.answers(port: server.port, "HEAD /livez HTTP/1.1\r\n\r\n", to: ["HEAD"])
            #expect(answers.map(\.status) == [400])
        }
    }

    @Test("HTTP/1.0 is closed after its answer unless it asks otherwise, and gets no chunks")
    func oldVersion() async throws {
        try await TestServer.run { server in
            let plain = try await RawCaller.answers(port: server.port, "GET /livez HTTP/1.0\r\n\r\n")
            #expect(plain.isClosed && plain.answers.first?.status == 200)
            #expect(plain.answers.first?.field("connection") == "close")
            let kept = "GET /livez HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
            let two = try await RawCaller.answers(port: server.port, kept + kept, count: 2)
            #expect(two.answers.map(\.status) == [200, 200] && !two.isClosed)
            #expect(two.answers.allSatisfy { $0.field("connection") == "keep-alive" && $0.field("content-length") != nil })

            let id = try await server.submitted(Bodies.users(3))
            _ = try await server.ended(id)
            for connection in ["close", "keep-alive"] {
                let all = try await RawCaller.answers(
                    port: server.port,
                    "GET /api/internal/sync/jobs/\(id)/results HTTP/1.0\r\nX-Internal-API-Key: \(TestServer.key)\r\n"
                        + "Accept: application/x-ndjson\r\nConnection: \(connection)\r\n\r\n", count: 99)
                #expect(all.isClosed && all.answers.first?.field("transfer-encoding") == nil)
                #expect(all.answers.first?.body.split(separator: "\n").count == 3)
            }
            let chunks = try await RawCaller.answers(
                port: server.port,
                RawCaller.head("Transfer-Encoding: chunked").replacing("HTTP/1.1", with: "HTTP/1.0") + "2\r\n{}\r\n0\r\n\r\n")
            expectRefusal(chunks.answers.first, 400, "chunks of HTTP/1.0")
            #expect(chunks.isClosed)
        }
    }

    @Test("Connection is a list of words, in any case and any number of fields; the answer to close says close")
    func connectionWords() async throws {
        try await TestServer.run { server in
            for fields in [
                "Connection: close", "Connection: Close", "Connection: TE, close", "Connection: keep-alive, close",
                "Connection: keep-alive\r\nConnection: close", "connection:\tCLOSE ,",
                "Connection: upgrade,close\r\nUpgrade: h2c",
            ] {
                let (answers, isClosed) = try await RawCaller.answers(
                    port: server.port, "GET /livez HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n" + live, count: 2)
                #expect(isClosed && answers.map(\.status) == [200], "\(fields)")
                #expect(answers.first?.field("connection") == "close", "\(fields)")
            }
            for fields in ["Connection: closed", "Connection: not-close", "Connection: \"close\"", "Connection:", "X: close"] {
                let (answers, isClosed) = try await RawCaller.answers(
                    port: server.port, "GET /livez HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n" + live, count: 2)
                #expect(!isClosed && answers.map(\.status) == [200, 200], "\(fields)")
            }
        }
    }

    @Test("what is no request is refused with the envelope, a date and a request id, counted and logged once")
    func refusals() async throws {
        try await TestServer.run { server in
            let long = { String(repeating: "a", count: $0) }
            let requests: [(String, String, Int)] = [
                ("no Host", "GET /livez HTTP/1.1\r\n\r\n", 400),
                ("two Hosts", "GET /livez HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
                ("a Host that is none", "GET /livez HTTP/1.1\r\nHost: a b/c\r\n\r\n", 400),
                ("a Host with a path", "GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
                ("a Host that is badly encoded", "GET /livez HTTP/1.1\r\nHost: %zz\r\n\r\n", 400),
                ("a Host with a user", "GET /livez HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
                ("a Host with a port that is none", "GET /livez HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
                ("an empty Host", "GET /livez HTTP/1.1\r\nHost:\r\n\r\n", 400),
                ("a bad header", "GET /livez HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n", 400),
                ("a blank before the colon", "GET /livez HTTP/1.1\r\nHost: x\r\nX : z\r\n\r\n", 400),
                ("a folded header", "GET /livez HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n", 400),
                ("a NUL", "GET /livez HTTP/1.1\r\nHost: x\r\nX: y\u{0}z\r\n\r\n", 400),
                ("bare LF", "GET /livez HTTP/1.1\nHost: x\n\n", 400),
                ("two lengths", "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
                ("a length that is none", "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
                (
                    "a length beyond numbers", "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                    400
                ),
                (
                    "a length beside a coding",
                    "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400
                ),
                ("chunked twice", "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400),
                ("another coding", "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
                ("another coding alone", "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
                ("an unknown method", "BREW /livez HTTP/1.1\r\nHost: x\r\n\r\n", 501),
                ("a method in lower case", "get /livez HTTP/1.1\r\nHost: x\r\n\r\n", 501),
                ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                ("HTTP/0.9", "GET /\r\n\r\n", 400),
                ("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", 400),
                ("a raw target", "GET /lïvez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                ("a target that is no path", "GET livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                ("a long target", "GET /\(long(16 << 10)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
                ("a target without an end", "GET /\(long(40 << 10))", 414),
                ("a large field", "GET /livez HTTP/1.1\r\nHost: x\r\nX: \(long(16 << 10))\r\n\r\n", 431),
                ("a field without an end", "GET /livez HTTP/1.1\r\nHost: x\r\nX: \(long(40 << 10))", 431),
                (
                    "a large head",
                    "GET /livez HTTP/1.1\r\nHost: x\r\nX: \(long(15 << 10))\r\nY: \(long(15 << 10))\r\nZ: \(long(4 << 10))\r\n\r\n",
                    431
                ),
                (
                    "many fields",
                    "GET /livez HTTP/1.1\r\nHost: x\r\n" + (0..<100).map { "X-\($0): y\r\n" }.joined() + "\r\n", 431
                ),
            ]
            for (what, request, status) in requests {
                let (answers, isClosed) = try await RawCaller.answers(port: server.port, request + live)
                expectRefusal(answers.first, status, what)
                #expect(answers.first?.field("connection") == "close" && answers.count == 1 && isClosed, "\(what)")
            }
            // An older caller may do without Host.
            let old = try await RawCaller.answers(port: server.port, "GET /livez HTTP/1.0\r\n\r\n")
            #expect(old.answers.map(\.status) == [200])
            let lines = server.log.lines.filter { $0.message == "request refused" }
            #expect(lines.count == requests.count, "\(lines.count)")
            let text = try await server.get("/metrics").text
            let counted = text.split(separator: "\n").filter {
                $0.hasPrefix("usersync_http_request_duration_seconds_count") && $0.contains(#"method="other""#)
            }
            #expect(counted.contains { $0.contains(#"status="414""#) } && counted.contains { $0.contains(#"status="431""#) })
        }
    }

    @Test("401 says how to come in")
    func authenticate() async throws {
        try await TestServer.run { server in
            let answer = try await server.get(
                "/api/internal/sync/status", headers: ["X-Internal-API-Key": "wrong-key-wrong-key-0"])
            #expect(answer.status == 401 && answer.header("www-authenticate") == #"Bearer realm="usersync""#)
        }
    }

    @Test("odd chunks are a 400 and the end of the connection")
    func oddChunks() async throws {
        try await TestServer.run { server in
            for chunks in [
                "x\r\n", "-1\r\n", "5\nhello\n0\n\n", "5\r\nhelloXX0\r\n\r\n", "ffffffffffffffff\r\n", "0x5\r\nhello\r\n",
            ] {
                let (answers, isClosed) = try await RawCaller.answers(
                    port: server.port, RawCaller.head("Transfer-Encoding: chunked") + chunks)
                expectRefusal(answers.first, 400, chunks.debugDescription)
                #expect(isClosed && answers.count == 1)
            }
        }
    }

    @Test("trailers have the limits of a head's fields")
    func trailers() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([], tenant: "hostile")
            let chunk = String(body.utf8.count, radix: 16) + "\r\n\(body)\r\n"
            for trailer in ["X: " + String(repeating: "a", count: 17 << 10), String(repeating: "X: y\r\n", count: 100) + "Y: z"] {
                let (answers, isClosed) = try await RawCaller.answers(
                    port: server.port,
                    RawCaller.head("Transfer-Encoding: chunked") + chunk + "0\r\n\(trailer)\r\n\r\n" + live)
                expectRefusal(answers.first, 431, String(trailer.prefix(10)))
                #expect(isClosed && answers.count == 1)
            }
        }
    }

    @Test("OPTIONS * is answered for the server as a whole, and the connection goes on")
    func options() async throws {
        try await TestServer.run { server in
            let (answers, isClosed) = try await RawCaller.answers(
                port: server.port, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n" + live, count: 2)
            #expect(answers.map(\.status) == [204, 200] && !isClosed)
            #expect(answers.first?.field("allow") == "GET, HEAD, POST")
            #expect(answers.first?.field("x-request-id") != nil)
        }
    }

    @Test("a target that is a whole URL, empty lines before a request, extensions and trailers are taken as they are meant")
    func unusual() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([], tenant: "hostile")
            let requests = [
                "GET http://other:99/livez HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nGET /livez HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
                "GET http://other?a HTTP/1.1\r\nHost: x\r\n\r\n",
                RawCaller.head("Transfer-Encoding: Chunked") + String(body.utf8.count, radix: 16)
                    + " ; a = b;c=\"d e\"\r\n\(body)\r\n0\r\nX-Trailer: y\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            ]
            let (answers, _) = try await RawCaller.answers(port: server.port, requests.joined(), count: 5)
            #expect(answers.map(\.status) == [200, 200, 404, 202, 204])
        }
    }
}
