import HTTPTypes
import NIOCore
import Testing

@testable import SyncServer

@Suite("Requests are taken apart")
struct RequestReaderTests {
    /// The parts of all requests in the text, bodies as text, and the refusal at its end.
    private func parts(_ bytes: [UInt8], by step: Int = .max) -> (requests: [String], refusal: WireRefusal?) {
        var reader = RequestReader()
        var buffer = ByteBuffer()
        var requests: [String] = []
        var body = ""
        var rest = bytes[...]
        while !rest.isEmpty {
            buffer.writeBytes(rest.prefix(step))
            rest = rest.dropFirst(step)
            do {
                reading: while true {
                    switch try reader.next(&buffer) {
                    case .needsMore: break reading
                    case .head(let head): body = "\(head.request.method.rawValue) \(head.request.path ?? "") "
                    case .body(let bytes): body += String(buffer: bytes)
                    case .end: requests.append(body)
                    }
                }
            } catch {
                return (requests, error)
            }
        }
        return (requests, nil)
    }

    @Test("however its bytes arrive, a request is the same")
    func pieces() {
        let text =
            "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\r\nGET /b?c HTTP/1.0\r\n\r\n"
            + "PUT /d HTTP/1.1\r\nHost: y\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: u\r\n\r\n"
            + "GET /e HTTP/1.1\r\nHost: z\r\n\r\n"
        for step in [1, 2, 3, 7, 64, 10_000] {
            let (requests, refusal) = parts(Array(text.utf8), by: step)
            #expect(requests == ["POST /a hello", "GET /b?c ", "PUT /d abc0123456789", "GET /e "], "\(step) at a time")
            #expect(refusal == nil)
        }
        let bad = text + "GET /f HTTP/1.1\r\nHost: x\r\nX y: z\r\n\r\n" + text
        for step in [1, 5, 10_000] {
            let (requests, refusal) = parts(Array(bad.utf8), by: step)
            #expect(requests.count == 4 && refusal == .malformed("The name of a header field is not a token"))
        }
    }

    @Test(
        "what never ends is refused before much of it is held",
        arguments: [
            "GET /", "GET /livez HTTP/1.1\r\nX: ", "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;",
            "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        ])
    func endless(start: String) {
        var reader = RequestReader()
        var buffer = ByteBuffer(string: start)
        var refusal: WireRefusal?
        for _ in 0..<2000 where refusal == nil {
            buffer.writeString("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
            do {
                while try reader.next(&buffer) != .needsMore {}
            } catch {
                refusal = error
            }
            #expect(buffer.readableBytes <= 33 << 10)
        }
        #expect(refusal != nil)
    }

    @Test("small chunks are taken, lines and extensions without content are not")
    func overhead() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        let small = String(repeating: "1\r\na\r\n", count: 100_000) + "0\r\n\r\n"
        #expect(parts(Array((head + small).utf8)).requests.first?.utf8.count == 7 + 100_000)
        let padded = String(repeating: "1;" + String(repeating: "x", count: 200) + "\r\na\r\n", count: 10_000) + "0\r\n\r\n"
        #expect(parts(Array((head + padded).utf8)).refusal != nil)
    }

    @Test("a field's bytes stay what they are, UTF-8 or not")
    func bytes() throws {
        for value: [UInt8] in [
            Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8), [0x63, 0xE9], [0xFF, 0xFE], Array("\u{FFFD}".utf8),
        ] {
            var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: ")
            buffer.writeBytes(value)
            buffer.writeString(" \r\n\r\n")
            var reader = RequestReader()
            guard case .head(let head) = try reader.next(&buffer) else {
                Issue.record("no head")
                return
            }
            let field = try #require(head.request.headerFields[fields: .tenantID].first)
            #expect(field.withUnsafeBytesOfValue { Array($0) } == value)
        }
    }

    @Test(
        "hosts",
        arguments: [
            ("x", true), ("x:80", true), ("x:", true), ("[::1]", true), ("[::1]:8080", true), ("1.2.3.4:5", true),
            ("a-b.c_d~%20", true),
            ("", false), (":80", false), ("x:y", false), ("x:123456", false), ("a b", false), ("a/b", false), ("u@a", false),
            ("[]", false),
            ("[::1", false), ("[::1]x", false), ("a,b", true), ("a\"b", false), ("x:80:80", false),
        ])
    func hosts(host: String, isOne: Bool) {
        #expect(FieldSyntax.isHost(host.utf8) == isOne)
    }
}
