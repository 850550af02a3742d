import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import SyncServer

@Suite("A connection and its time")
struct HTTPConnectionTests {
    private let live = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private let clock = WallClock { Timestamp(seconds: 1_700_000_000) }

    private func connection(_ body: (EmbeddedChannel, ConnectionRegister) throws -> Void) throws {
        let logger = CapturedLog().logger
        let register = ConnectionRegister(limit: 10, clock: clock, logger: logger)
        let channel = EmbeddedChannel()
        register.enter(channel)
        try channel.pipeline.syncOperations.addHandler(
            HTTPConnection(
                limits: ConnectionLimits(), answers: AnswerRecord(clock: clock, logger: logger), register: register))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try body(channel, register)
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    private func heads(_ channel: EmbeddedChannel) throws -> Int {
        var heads = 0
        while let part = try channel.readInbound(as: HTTPRequestPart.self) { if case .head = part { heads += 1 } }
        return heads
    }

    private func answer(_ channel: EmbeddedChannel) throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok, headerFields: [.contentLength: "0"])))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        while try channel.readOutbound(as: HTTPServerResponsePart.self) != nil {}
    }

    @Test("however many requests come at once, one is handed on at a time")
    func oneAtATime() throws {
        try connection { channel, _ in
            try channel.writeInbound(ByteBuffer(string: String(repeating: live, count: 100)))
            for _ in 0..<100 {
                #expect(try heads(channel) == 1)
                try answer(channel)
            }
            let left = try heads(channel)
            #expect(left == 0 && channel.isActive)
        }
    }

    @Test("a stranger has 75 s for a head; where a good key came, the next request may take 650 s, its head 75")
    func patience() throws {
        for isCaller in [false, true] {
            try connection { channel, register in
                channel.embeddedEventLoop.advanceTime(by: .seconds(70))
                try channel.writeInbound(ByteBuffer(string: live))
                #expect(try heads(channel) == 1)
                if isCaller { register.vouch(for: channel) }
                try answer(channel)
                channel.embeddedEventLoop.advanceTime(by: .seconds(74))
                #expect(channel.isActive)
                channel.embeddedEventLoop.advanceTime(by: .seconds(2))
                #expect(channel.isActive == isCaller)
                guard isCaller else { return }
                channel.embeddedEventLoop.advanceTime(by: .seconds(570))
                #expect(channel.isActive)
                // The head begins, and does not go on.
                try channel.writeInbound(ByteBuffer(string: "GET"))
                channel.embeddedEventLoop.advanceTime(by: .seconds(74))
                #expect(channel.isActive)
                channel.embeddedEventLoop.advanceTime(by: .seconds(2))
                #expect(!channel.isActive)
            }
        }
    }

    @Test("who is told to go is answered while it sends, and closed on else; it gets no longer than a body that nobody wants")
    func leaving() throws {
        let start = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe"
        try connection { channel, _ in
            try channel.writeInbound(ByteBuffer(string: start))
            channel.triggerUserOutboundEvent(LeaveEvent(), promise: nil)
            #expect(throws: BrokenBody(refusal: .crowded)) { try channel.throwIfErrorCaught() }
            #expect(channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(2100))
            #expect(!channel.isActive)
        }
        for sent in ["", "GET"] {
            try connection { channel, _ in
                try channel.writeInbound(ByteBuffer(string: sent))
                channel.triggerUserOutboundEvent(LeaveEvent(), promise: nil)
                #expect(!channel.isActive, "\(sent.debugDescription)")
            }
        }
    }

    @Test("who is told to go while its answer is due gets that, and a wait for a result ends at once", arguments: [true, false])
    func leavingWhileWaiting(waitsBefore: Bool) throws {
        for sent in [live, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"] {
            try connection { channel, _ in
                try channel.writeInbound(ByteBuffer(string: sent))
                #expect(try heads(channel) == 1)
                let ends = Mutex(0)
                let wait = WaitEvent { ends.withLock { $0 += 1 } }
                if waitsBefore { channel.triggerUserOutboundEvent(wait, promise: nil) }
                #expect(ends.withLock { $0 } == 0)
                channel.triggerUserOutboundEvent(LeaveEvent(), promise: nil)
                if !waitsBefore { channel.triggerUserOutboundEvent(wait, promise: nil) }
                #expect(ends.withLock { $0 } == 1)
                #expect(channel.isActive)
                try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .accepted)))
                let head = try #require(try channel.readOutbound(as: HTTPServerResponsePart.self))
                guard case .head(let fields) = head else { return }
                #expect(fields.headers["Connection"] == ["close"])
                try channel.writeOutbound(HTTPResponsePart.end(nil))
                channel.embeddedEventLoop.advanceTime(by: .milliseconds(2100))
                #expect(!channel.isActive)
            }
            // Nobody answers: it goes all the same.
            try connection { channel, _ in
                try channel.writeInbound(ByteBuffer(string: sent))
                channel.triggerUserOutboundEvent(LeaveEvent(), promise: nil)
                channel.embeddedEventLoop.advanceTime(by: .milliseconds(2100))
                #expect(!channel.isActive)
            }
        }
    }

    @Test("a wait of the request before is not ended with another one")
    func waitIsOver() throws {
        try connection { channel, _ in
            let ends = Mutex(0)
            try channel.writeInbound(ByteBuffer(string: live))
            channel.triggerUserOutboundEvent(WaitEvent { ends.withLock { $0 += 1 } }, promise: nil)
            try answer(channel)
            try channel.writeInbound(ByteBuffer(string: live))
            channel.triggerUserOutboundEvent(LeaveEvent(), promise: nil)
            #expect(ends.withLock { $0 } == 0)
        }
    }

    @Test("a body that goes on coming keeps its place before one that does not")
    func moving() throws {
        let start = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nh"
        // Two of the four are not the callers'.
        let register = ConnectionRegister(limit: 4, clock: clock, logger: CapturedLog().logger)
        func connect() throws -> EmbeddedChannel {
            let channel = EmbeddedChannel()
            register.enter(channel)
            try channel.pipeline.syncOperations.addHandler(
                HTTPConnection(
                    limits: ConnectionLimits(), answers: AnswerRecord(clock: clock, logger: CapturedLog().logger),
                    register: register))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            return channel
        }
        let sending = try [connect(), connect()]
        for channel in sending {
            try channel.writeInbound(ByteBuffer(string: start))
            register.vouch(for: channel)
        }
        try sending[0].writeInbound(ByteBuffer(string: "e"))
        let newcomer = try connect()
        try newcomer.writeInbound(ByteBuffer(string: start))
        #expect(throws: Never.self) { for channel in sending { try channel.throwIfErrorCaught() } }
        register.vouch(for: newcomer)
        #expect(throws: BrokenBody(refusal: .crowded)) { try sending[1].throwIfErrorCaught() }
        #expect(throws: Never.self) { try sending[0].throwIfErrorCaught() }
        for channel in sending + [newcomer] { _ = try? channel.finish(acceptAlreadyClosed: true) }
    }

    @Test("a body that is asked for brings a KiB a minute, or the connection ends", arguments: [true, false])
    func progress(isAskedFor: Bool) throws {
        try connection { channel, _ in
            func send(_ count: Int) throws {
                try channel.writeInbound(ByteBuffer(repeating: 0x61, count: count))
                if isAskedFor { channel.read() }
                channel.embeddedEventLoop.advanceTime(by: .seconds(60))
            }
            try channel.writeInbound(ByteBuffer(string: "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"))
            for _ in 0..<3 {
                try send(1024)
                #expect(channel.isActive)
            }
            try send(1023)
            #expect(channel.isActive != isAskedFor)
        }
    }

    @Test("a body that nobody wants is discarded for two seconds or 64 MiB")
    func discards() throws {
        let endless = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n"
        try connection { channel, _ in
            try channel.writeInbound(ByteBuffer(string: endless))
            try answer(channel)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1900))
            #expect(channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(200))
            #expect(!channel.isActive)
        }
        try connection { channel, _ in
            try channel.writeInbound(ByteBuffer(string: endless))
            try answer(channel)
            let piece = ByteBuffer(repeating: 0x61, count: 1 << 20)
            var sent = 0
            while channel.isActive, sent < 100 {
                try channel.writeInbound(piece)
                sent += 1
            }
            #expect((64...66).contains(sent))
        }
    }
}
