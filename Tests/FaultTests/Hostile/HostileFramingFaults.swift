import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: requests hidden in requests")
struct HostileFramingFaults {
    /// A whole, good submission of the victim's, as a proxy in front might be made to send it on.
    private var hidden: String {
        let body = Bodies.sync([Bodies.user("hidden", "hidden@victim.example")], tenant: "victim")
        return RawCaller.head(tenant: "victim", "Content-Length: \(body.utf8.count)") + body
    }

    private var body: String { Bodies.sync([], tenant: "hostile") }

    /// Runs requests, none of which may lead to a job of the victim's, nor to a 5xx.
    private func run(_ fault: String, _ requests: [(String, String)], jobs expected: Set<String> = []) async throws {
        var report = FaultReport(fault: fault)
        try await TestServer.run { server in
            let good = GoodCaller(server)
            for _ in 0..<FaultScale.pick(1, full: 20) {
                for portion in stride(from: 0, to: requests.count, by: 8) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for (name, request) in requests[portion..<min(portion + 8, requests.count)] {
                            group.addTask {
                                let answer = try await RawCaller.exchange(
                                    port: server.port, request.utf8, until: expected.contains(name) ? "HTTP/1.1 202" : nil)
                                #expect(!RawCaller.isFault(answer), "\(name): \(answer.prefix(300))")
                                let isTaken = answer.contains("HTTP/1.1 202")
                                #expect(isTaken == expected.contains(name), "\(name): \(answer.prefix(300))")
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                report.tries += requests.count
                try await good.submit(&report)
            }
            #expect(try await server.get("/api/internal/sync/jobs?tenantId=victim").json.jobs.array.isEmpty)
            #expect(try server.rows("SELECT * FROM users WHERE tenant_id = 'victim'").isEmpty)
            #expect(server.log.lines.filter { $0.message == "unexpected error" }.isEmpty)
        }
        try report.publish()
    }

    @Test("a length and a coding together, or spelled oddly, never let a hidden request through")
    func ambiguousLengths() async throws {
        let end = "0\r\n\r\n" + hidden
        var requests: [(String, String)] = []
        for coding in [
            "chunked", "Chunked", " chunked", "chunked ", "xchunked", "chunked, identity", "identity, chunked",
            "chunked, chunked",
            "\"chunked\"", "chunked;a=b", "gzip, chunked", "identity", "\u{0B}chunked", "chunked\u{0}", "chunked\u{A0}", "",
        ] {
            requests.append(
                (
                    "CL and TE \(coding.debugDescription)",
                    RawCaller.head("Content-Length: 4", "Transfer-Encoding: \(coding)") + end
                ))
            requests.append(
                (
                    "TE \(coding.debugDescription) and CL",
                    RawCaller.head("Transfer-Encoding: \(coding)", "Content-Length: \(end.utf8.count)") + end
                ))
        }
        for coding in ["xchunked", "identity", "chunked, identity", "\"chunked\"", "chunked;a=b", "\u{0B}chunked", ""] {
            requests.append(("TE alone \(coding.debugDescription)", RawCaller.head("Transfer-Encoding: \(coding)") + end))
        }
        requests += [
            ("TE twice", RawCaller.head("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + end),
            ("TE with a blank before the colon", RawCaller.head("Content-Length: 4", "Transfer-Encoding : chunked") + end),
            ("TE folded", RawCaller.head("Content-Length: 4", "Transfer-Encoding:\r\n chunked") + end),
            ("TE after a bare LF", RawCaller.head("Content-Length: 4", "X: y\nTransfer-Encoding: chunked") + end),
            ("TE after a bare CR", RawCaller.head("Content-Length: 4", "X: y\rTransfer-Encoding: chunked") + end),
            (
                "TE and HTTP/1.0",
                RawCaller.head("Transfer-Encoding: chunked", "Content-Length: 4").replacing("HTTP/1.1", with: "HTTP/1.0") + end
            ),
        ]
        for length in ["+4", "-4", "4, 4", "4,5", "4 4", "0x4", "4.0", "4;", "\"4\"", "18446744073709551620", "", "4\u{0B}", "٤"]
        {
            requests.append(("length \(length.debugDescription)", RawCaller.head("Content-Length: \(length)") + end))
        }
        requests += [
            ("two lengths", RawCaller.head("Content-Length: 4", "Content-Length: \(end.utf8.count)") + end),
            ("two lengths, the longer first", RawCaller.head("Content-Length: \(end.utf8.count)", "Content-Length: 4") + end),
            ("two equal lengths", RawCaller.head("Content-Length: 4", "Content-Length: 4") + end),
            ("a length folded", RawCaller.head("Content-Length: 4\r\n 5") + end),
        ]
        try await run("requests smuggled by ambiguous lengths", requests)
    }

    @Test("chunks that are spelled oddly, and heads that are none, never let a hidden request through")
    func oddChunks() async throws {
        let text = body
        let size = String(text.utf8.count, radix: 16)
        var requests: [(String, String)] = []
        for odd in [
            "-\(size)\r\n", "0x\(size)\r\n", " \(size) x\r\n", "FFFFFFFFFFFFFFFFF\r\n", "FFFFFFFFFFFFFFFF\r\n", "\(size)\n",
            "\(size)\r",
            "\(size);a\nb\r\n", "\r\n", "g\r\n", "\(size)\u{0}\r\n",
        ] {
            requests.append(
                (
                    "chunk \(odd.debugDescription)",
                    RawCaller.head("Transfer-Encoding: chunked") + odd + text + "\r\n0\r\n\r\n" + hidden
                ))
        }
        requests += [
            (
                "a chunk without its end",
                RawCaller.head("Transfer-Encoding: chunked") + size + "\r\n" + text + "XX0\r\n\r\n" + hidden
            ),
            (
                "a key in a trailer",
                RawCaller.head(key: "wrong-key-wrong-key-0", "Transfer-Encoding: chunked")
                    + "0\r\nX-Internal-API-Key: \(TestServer.key)\r\n\r\n" + hidden
            ),
            (
                "bare LF everywhere",
                RawCaller.head("Content-Length: 4").replacing("\r\n", with: "\n") + hidden.replacing("\r\n", with: "\n")
            ),
            ("bare CR everywhere", RawCaller.head("Content-Length: 4").replacing("\r\n", with: "\r") + hidden),
            ("a tenant folded", RawCaller.head(tenant: "hostile\r\n victim", "Content-Length: 0")),
            ("a tenant twice", RawCaller.head("X-Tenant-ID: victim", "Content-Length: \(text.utf8.count)") + text),
            ("a NUL in a header", RawCaller.head(tenant: "hostile\u{0}", "Content-Length: \(text.utf8.count)") + text),
            ("a header without a colon", RawCaller.head("Content-Length", "Content-Length: 4") + hidden),
            ("a header without a name", RawCaller.head(": x", "Content-Length: 4") + hidden),
            ("a blank in a name", RawCaller.head("X Y: z", "Content-Length: 4") + hidden),
            (
                "a long header",
                RawCaller.head("X: " + String(repeating: "x", count: 64 << 10), "Content-Length: \(text.utf8.count)") + text
            ),
            (
                "a thousand headers",
                RawCaller.head((0..<1000).map { "X-\($0): y" }.joined(separator: "\r\n"), "Content-Length: \(text.utf8.count)")
                    + text
            ),
            ("a long path", "GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden), ("HTTP/0.9", "GET /\r\n\r\n"),
            ("no HTTP", "\u{16}\u{3}\u{1}\u{2}\u{0}"),
            ("HTTP/9.9", "POST / HTTP/9.9\r\nHost: x\r\n\r\n"), ("a method that is none", "PO ST / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ]
        try await run("odd chunks and heads", requests)
    }

    @Test("a request within a body is a body, whatever becomes of the outer one; a wrong length queues nothing")
    func hiddenInBody() async throws {
        let hidden = self.hidden
        let length = hidden.utf8.count
        func inside(_ head: String) -> String {
            head.replacing("\r\n\r\n", with: "\r\nContent-Length: \(length)\r\n\r\n") + hidden
        }
        let text = body
        try await run(
            "requests hidden in bodies, wrong lengths",
            [
                ("in a GET", inside("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")),
                ("in a GET of an unknown path", inside("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")),
                ("in a HEAD", inside("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n")),
                ("in a DELETE", inside("DELETE /api/internal/sync/users HTTP/1.1\r\nHost: x\r\n\r\n")),
                ("in an OPTIONS", inside("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")),
                ("behind a CONNECT", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n" + hidden),
                ("behind an upgrade", inside("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")),
                ("in a body with a wrong key", inside(RawCaller.head(key: "wrong-key-wrong-key-0"))),
                (
                    "behind a body with a wrong key",
                    RawCaller.head(key: "wrong-key-wrong-key-0", "Content-Length: 2") + "{}" + hidden
                ),
                ("in a body of another type", inside(RawCaller.head().replacing("application/json", with: "text/plain"))),
                ("in a body that is refused", inside(RawCaller.head())),
                (
                    "in a cancel",
                    inside(
                        "POST /api/internal/sync/jobs/x/cancel HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n\r\n"
                    )
                ),
                ("behind a refused body", RawCaller.head("Content-Length: 4") + "nope" + hidden),
                ("too short a length", RawCaller.head("Content-Length: \(text.utf8.count - 10)") + text),
                ("too long a length", RawCaller.head("Content-Length: \(text.utf8.count + 10)") + text),
                ("no length at all", RawCaller.head() + text),
                ("a good one", RawCaller.head("Content-Length: \(text.utf8.count)") + text),
            ], jobs: ["a good one"])
    }

    @Test("good requests sent in one go are answered one after the other, also where the caller sends no more after them")
    func pipelined() async throws {
        try await TestServer.run { server in
            let text = body
            let one = RawCaller.head("Content-Length: \(text.utf8.count)") + text
            let chunked =
                RawCaller.head("Transfer-Encoding: chunked") + String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n0\r\n\r\n"
            let count = 60
            let all = String(repeating: one + chunked + "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", count: count)
            for halfCloses in [false, true] {
                let caller = try await RawCaller.connect(port: server.port)
                await caller.send(all)
                if halfCloses { await caller.closeOutput() }
                #expect(await eventually(300) { caller.answer.split(separator: "HTTP/1.1 20").count == 3 * count })
                #expect(caller.answer.split(separator: "HTTP/1.1 202").count == 2 * count)
                if halfCloses { #expect(await eventually { caller.isClosed }) }
                await caller.close()
            }
            #expect(try await server.get("/api/internal/sync/jobs?limit=200&tenantId=hostile").json.jobs.array.count == 200)
        }
    }
}
