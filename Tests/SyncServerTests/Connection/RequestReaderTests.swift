import HTTPTypes
import NIOCore
import SyncAPI
import Testing

@testable import SyncServer

@Suite("Requests are taken apart")
struct RequestReaderTests {
    /// The parts of all requests in the text, bodies as text, and the refusal at its end.
    /// - Parameter first: so many bytes come before the rest comes by steps.
    private func parts(
        _ bytes: [UInt8], after first: Int = 0, by step: Int = .max
    ) -> (requests: [String], refusal: WireRefusal?) {
        var reader = RequestReader()
        var buffer = ByteBuffer(bytes: bytes.prefix(first))
        var requests: [String] = []
        var body = ""
        var rest = bytes.dropFirst(first)
        while true {
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
            if rest.isEmpty { return (requests, nil) }
            buffer.writeBytes(rest.prefix(step))
            rest = rest.dropFirst(step)
        }
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

    @Test(
        "how a chunk may begin",
        arguments: [
            ("5", true), ("05", true), ("5;a", true), ("5;a=b;c=\"d e\"", true), ("5 ;a", true), ("5\t ; a = b", true),
            ("5; a=\"b\" ;c", true), (String(repeating: "0", count: 31) + "5", true),
            ("", false), (" 5", false), ("5 ", false), ("5;", false), ("5;a ", false), ("5;a=", false), ("5;a b", false),
            ("5;=b", false), ("5 a", false), ("0x5", false), ("-5", false), ("+5", false), ("5,", false),
            (String(repeating: "0", count: 32) + "5", false), ("ffffffffffffffff", false), ("10000000000000005", false),
            ("8000000000000005", false),
        ])
    func chunkSizes(line: String, isOne: Bool) {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        for step in [1, 10_000] {
            let (requests, refusal) = parts(Array((head + line + "\r\nhello\r\n0\r\n\r\n").utf8), by: step)
            #expect(requests == (isOne ? ["POST / hello"] : []) && (refusal == nil) == isOne)
        }
    }

    @Test("a chunk may say that it is as long as anything, and no longer")
    func chunkEnds() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        for size in ["fffffffffffffff", "0000fffffffffffffff"] {
            #expect(parts(Array((head + size + "\r\n").utf8)).refusal == nil)
        }
    }

    /// Fields of so many bytes together, the ends of their lines included.
    private func fields(of size: Int) -> String {
        var (text, left) = ("", size)
        while left > 0 {
            let line = left <= 10_000 ? left : min(10_000, left - 10)
            text += "A:" + String(repeating: "b", count: line - 4) + "\r\n"
            left -= line
        }
        return text
    }

    @Test("a limit of a head or of trailers is the same byte however the bytes arrive")
    func limits() {
        let (most, field) = (RequestHeadLimits.head, RequestHeadLimits.field)
        let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        func fill(_ length: Int) -> String { String(repeating: "b", count: length) }
        func refusals(_ text: String) -> [Int?] {
            // The end byte by byte, where limits are met.
            [0, 1, 2, 3, 6, 20].map { last in
                parts(Array(text.utf8), after: text.utf8.count - last, by: 1).refusal?.apiError.status.code
            }
        }
        for over in -3...3 {
            let expected = [Int?](repeating: over > 0 ? 431 : nil, count: 6)
            let start = "GET /a HTTP/1.1\r\nHost: x\r\n"
            let whole = start + fields(of: most + over - start.utf8.count - 2) + "\r\n"
            #expect(whole.utf8.count == most + over)
            #expect(refusals(whole) == expected, "a head \(over) over")
            let line = "A:\(fill(field + over - 2))\r\n\r\n"
            #expect(refusals("GET /a HTTP/1.1\r\nHost: x\r\n" + line) == expected, "a field \(over) over")
            #expect(refusals(chunked + line) == expected, "a trailer \(over) over")
            #expect(refusals(chunked + fields(of: most + over - 2) + "\r\n") == expected, "trailers \(over) over")
            let target = "GET /" + fill(RequestHeadLimits.target + over - 1) + " HTTP/1.1\r\nHost: x\r\n\r\n"
            #expect(refusals(target) == [Int?](repeating: over > 0 ? 414 : nil, count: 6), "a target \(over) over")
        }
        for count in [RequestHeadLimits.fields, RequestHeadLimits.fields + 1] {
            let expected = [Int?](repeating: count > RequestHeadLimits.fields ? 431 : nil, count: 6)
            let fields = String(repeating: "A:b\r\n", count: count - 1)
            #expect(refusals("GET /a HTTP/1.1\r\nHost: x\r\n\(fields)\r\n") == expected, "\(count) fields")
            #expect(refusals(chunked + fields + "A:b\r\n\r\n") == expected, "\(count) trailers")
        }
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
            ("a-b.c_d~%20", true), ("%zz", false), ("a%2", false), ("a%", false), ("%4g.b", false), ("%C3%A9", true),
            ("[v1.a]", true), ("[V1f.a:b_c~!$]:80", true), ("[v.a]", false), ("[v1.]", false), ("[v1]", false), ("[vg.a]", false),
            ("[v1.a%20]", false), ("[:]", false), ("[1.2.3.4]", false), ("[::ffff:1.2.3.4]", true),
            ("[1:2:3:4:5:6:7:8:9]", false),
            ("[fe80::1%25eth0]", false), ("[fe80::1%eth0]", false),
            ("", false), (":80", false), ("x:y", false), ("x:123456", false), ("a b", false), ("a/b", false), ("u@a", false),
            ("[]", false),
            ("[::1", false), ("[::1]x", false), ("a,b", true), ("a\"b", false), ("x:80:80", false),
        ])
    func hosts(host: String, isOne: Bool) {
        #expect(HostSyntax.isHost(host.utf8) == isOne)
    }
}
