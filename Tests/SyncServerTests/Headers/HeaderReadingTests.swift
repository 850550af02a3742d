import HTTPTypes
import Settings
import SyncModel
import Testing

@testable import SyncServer

@Suite("Headers are read as their standards say")
struct HeaderReadingTests {
    @Test(
        "Prefer: the first wait counts, quoted text says nothing, digits are capped",
        arguments: [
            (["wait=10"], 10), (["wait=99999999999999999999"], 25), (["wait=0"], 0), (["WAIT = 7"], 7), (["wait=\"8\""], 8),
            (["respond-async, wait=10"], 10), (["respond-async", "wait=10"], 10), (["wait=3, wait=9"], 3),
            (["wait=3", "wait=9"], 3),
            (["wait=3;foo=bar, wait=9"], 3), (["foo=\"a, wait=10\""], nil), (["foo=\"a, wait=10\", wait=4"], 4),
            (["foo=\"a\\\", wait=10\", wait=4"], 4), (["foo; a=\"x, wait=10\", wait=4"], 4), (["wait=1 0"], nil),
            (["w ait=10"], nil),
            (["wait"], nil), (["wait="], nil), (["wait=-1"], nil), (["wait=+1"], nil), (["wait=1.5"], nil),
            (["wait=abc, wait=5"], nil),
            (["wait=\"10"], nil), ([""], nil), ([",,,"], nil), (["await=10"], nil), (["foo=\"\\"], nil),
        ] as [([String], Int?)])
    func prefer(values: [String], seconds: Int?) {
        #expect(PreferHeader(values).wait(atMost: 25) == seconds)
    }

    @Test("a submission waits 25 s at most")
    func longestWait() throws {
        for (text, seconds) in [("wait=25", 25), ("wait=26", 25), ("wait=99999999999999999999", 25), ("wait=3", 3)] {
            let headers = try SubmissionHeaders([.contentType: "application/json", .prefer: text], requiresSource: false)
            #expect(headers.wait == seconds)
        }
    }

    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let span = "b7ad6b7169203331"

    @Test("traceparent: version 00 as it is, a later one by its first four fields, all else not at all")
    func traceparent() {
        let (trace, span) = (Self.trace, Self.span)
        func parent(_ text: String...) -> String? { TraceContext(traceparent: text, tracestate: [])?.parent }
        let plain = "00-\(trace)-\(span)-01"
        #expect(parent(plain) == plain)
        #expect(parent("00-\(trace)-\(span)-03") == "00-\(trace)-\(span)-03")
        #expect(parent("01-\(trace)-\(span)-01") == plain)
        #expect(parent("cc-\(trace)-\(span)-01-what-the-future-holds") == plain)
        #expect(parent("fe-\(trace)-\(span)-ff-x") == plain && parent("fe-\(trace)-\(span)-fe-") == "00-\(trace)-\(span)-00")
        for bad in [
            "\(plain)-x", "ff-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01x", "cc-\(trace)-\(span)",
            "00-\(trace.uppercased())-\(span)-01",
            "00-\(String(repeating: "0", count: 32))-\(span)-01", "00-\(trace)-\(String(repeating: "0", count: 16))-01",
            "00-\(trace)-\(span)-0g", "", "00", " \(plain)", "00-\(trace.dropLast())-\(span)-01",
        ] {
            #expect(parent(bad) == nil, "\(bad)")
        }
        #expect(parent(plain, plain) == nil)
    }

    @Test("tracestate goes with its traceparent, several fields as one list; what is none is dropped")
    func tracestate() {
        let plain = "00-\(Self.trace)-\(Self.span)-01"
        func state(_ values: String...) -> String? { TraceContext(traceparent: [plain], tracestate: values)?.state }
        #expect(state("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE") == "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")
        #expect(state("a=1", "b=2 , ,c=3") == "a=1,b=2,c=3")
        #expect(state("a=x y") == "a=x y")
        for bad in [
            "", "a", "=1", "a=", "a=1=2", "a=é", "a=1,b", String(repeating: "a=1,", count: 33),
            "a=" + String(repeating: "x", count: 2050),
        ] {
            #expect(state(bad) == nil, "\(bad.prefix(40))")
        }
        #expect(TraceContext(traceparent: ["x"], tracestate: ["a=1"]) == nil)
        for context in [
            TraceContext(traceparent: [plain], tracestate: ["a=x y"]), TraceContext(traceparent: [plain], tracestate: []),
        ] {
            #expect(context.map { TraceContext(stored: $0.stored) } == context)
        }
    }

    private func headers(_ fields: [(HTTPField.Name, [UInt8])]) throws -> SubmissionHeaders {
        var all: HTTPFields = [.contentType: "application/json"]
        for (name, value) in fields {
            all[name] = nil
            all.append(HTTPField(name: name, value: value))
        }
        return try SubmissionHeaders(all, requiresSource: false)
    }

    @Test("Content-Type is application/json in any case with any parameters, and nothing like it")
    func contentType() throws {
        for type in ["application/json", "Application/JSON", "application/json;charset=utf-8", "application/json \t; x"] {
            _ = try headers([(.contentType, Array(type.utf8))])
        }
        for type in [
            "appli cation/json", "application /json", "application/json x", "application/jsonx", "text/json", "",
            "application/\tjson",
        ] {
            #expect(throws: APIError.self, "\(type)") { _ = try headers([(.contentType, Array(type.utf8))]) }
        }
    }

    @Test("Idempotency-Key is visible ASCII; other headers that name something are UTF-8, byte for byte")
    func identities() throws {
        #expect(try headers([(.idempotencyKey, Array("a!~Z".utf8))]).idempotencyKey == "a!~Z")
        for key: [UInt8] in [[], [0x61, 0x20, 0x62], [0xFF], [0xFE], Array("é".utf8), [UInt8](repeating: 0x61, count: 256)] {
            #expect(throws: APIError.self, "\(key.prefix(4))") { _ = try headers([(.idempotencyKey, key)]) }
        }
        _ = try headers([(.idempotencyKey, [UInt8](repeating: 0x61, count: 255))])
        let (composed, decomposed) = (Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8))
        for name in [composed, decomposed, Array("\u{FFFD}".utf8)] {
            #expect(try headers([(.tenantID, name)]).tenantID.map { Array($0.text.utf8) } == name)
        }
        let (one, other) = (try headers([(.tenantID, composed)]), try headers([(.tenantID, decomposed)]))
        #expect(one.tenantID != other.tenantID)
        for name: HTTPField.Name in [.tenantID, .syncSource] {
            for bytes: [UInt8] in [[0xFF], [0xFE], [0x63, 0xC3], [0xED, 0xA0, 0x80]] {
                #expect(throws: APIError.self) { _ = try headers([(name, bytes)]) }
            }
        }
    }

    @Test("an entry of X-Forwarded-For may have a port or brackets; callers are told apart by the address alone")
    func forwarded() throws {
        let trusted = [try #require(AddressRange("10.0.0.0/8"))]
        func client(_ entry: String, peer: String = "10.0.0.1") -> String {
            ClientAddress.of(peer: peer, headers: [.forwardedFor: entry], trusted: trusted)
        }
        let long = "2001:db8:0:0:0:0:0:1"
        for (entry, address) in [
            ("203.0.113.1", "203.0.113.1"), ("203.0.113.1:1001", "203.0.113.1"), ("[2001:db8::1]:443", long),
            ("[2001:db8::1]", long), ("2001:db8::1", long), ("1.1.1.1, 203.0.113.1:1", "203.0.113.1"),
            ("203.0.113.1, 10.0.0.2:99", "203.0.113.1"), ("unknown, 203.0.113.1", "203.0.113.1"),
            // However it is written: else whoever sends the header would have a rate limit for each spelling.
            ("2001:DB8::1", long), ("2001:db8:0::1", long), ("[2001:0db8:0:0:0:0:0:1]:1", long),
            ("::ffff:203.0.113.1", "203.0.113.1"), ("::ffff:cb00:7101", "203.0.113.1"),
            ("203.0.113.1, ::ffff:10.0.0.2", "203.0.113.1"),
        ] {
            #expect(client(entry) == address, "\(entry)")
        }
        // What is no address ends the search; what lies behind it is anybody's word.
        for entry in [
            "203.0.113.1, unknown", "203.0.113.1, 203.0.113.2:x", "203.0.113.1, 203.0.113.2:", "203.0.113.1, [203.0.113.2]:1",
            "203.0.113.1, [2001:db8::1", "203.0.113.1, 203.0.113.2:99999", "203.0.113.1, 203.0.113.2:+1",
            "203.0.113.1, _hidden:1",
        ] {
            #expect(client(entry) == "10.0.0.1", "\(entry)")
        }
        // Of a peer that is no listed proxy nothing is believed.
        #expect(client("203.0.113.1", peer: "192.0.2.7") == "192.0.2.7")
        #expect(client("203.0.113.1", peer: "::ffff:192.0.2.7") == "192.0.2.7")
        #expect(client("203.0.113.1", peer: "::ffff:10.0.0.1") == "203.0.113.1")
        #expect(ClientAddress.of(peer: "10.0.0.1", headers: [.forwardedFor: "203.0.113.1"], trusted: []) == "10.0.0.1")
    }

    @Test("failures are counted by IPv4 address and by /64 of IPv6")
    func failureKeys() {
        let keys = ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:DB8:0:1:0:0:0:9"].map(ClientAddress.failureKey)
        #expect(Set(keys).count == 1)
        #expect(ClientAddress.failureKey("2001:db8:0:2::1") != keys[0])
        #expect(ClientAddress.failureKey("192.0.2.1") != ClientAddress.failureKey("192.0.2.2"))
        #expect(ClientAddress.failureKey("::ffff:192.0.2.1") == ClientAddress.failureKey("192.0.2.1"))
        #expect(ClientAddress.failureKey("::ffff:192.0.2.1") != ClientAddress.failureKey("::ffff:192.0.2.2"))
    }

    @Test("a request id is taken over where it is 1 to 128 visible ASCII characters, sent once; else one is made")
    func requestIDs() {
        for id in ["x", "~!abc-123", String(repeating: "x", count: 128)] { #expect(RequestIDRule.accept([id]) == id) }
        for unfit in [[], [""], ["a b"], ["a\tb"], ["é"], ["\u{7F}"], [String(repeating: "x", count: 129)], ["a", "a"]] {
            let made = RequestIDRule.accept(unfit)
            #expect(made.count == 32 && made.allSatisfy(\.isHexDigit), "\(unfit)")
        }
    }

    @Test("of thousands of keys only the right ones are let in")
    func keys() {
        let keys = APIKeys(internalKeys: [Secret("internal-key-0123456789")], opsKeys: [Secret("operators-key-0123456789")])
        #expect(keys.caller(sending: "internal-key-0123456789")?.role == .internal)
        #expect(keys.caller(sending: "operators-key-0123456789")?.role == .ops)
        // With one byte of the digests compared, some 150 of these would be let in.
        let letIn = (0..<20_000).filter { keys.caller(sending: "some-other-key-\($0)") != nil }
        #expect(letIn.isEmpty, "\(letIn.count)")
        for near in ["internal-key-012345678", "internal-key-0123456789 ", "Internal-key-0123456789", ""] {
            #expect(keys.caller(sending: near) == nil)
        }
    }
}
