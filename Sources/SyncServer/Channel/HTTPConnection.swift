import HTTPTypes
package import NIOCore
package import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection of HTTP/1.1, between its bytes and the requests and answers behind it. `RequestReader` takes the bytes apart,
/// `ConnectionState` says whose turn it is; here is what is done then:
/// - one request is handed on at a time; what a caller sends meanwhile waits as bytes, one read of them at most (RFC 9112 §9.3.2);
/// - `Expect: 100-continue` is answered once somebody wants the body;
/// - a body that nobody wants, and what comes behind the last answer, is discarded for a bounded time and size: the caller sees
///   the answer, and nobody feeds us for ever;
/// - what is no request is answered like any other refusal, counted and logged;
/// - who sends or takes hardly anything loses the connection.
package final class HTTPConnection: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    let limits: ConnectionLimits
    let answers: AnswerRecord
    var state = ConnectionState()
    private var reader = RequestReader()
    /// Bytes that are not taken apart yet.
    private var unread = ByteBuffer()
    private var isPumping = false
    /// More was asked for while bytes waited.
    private var holdsRead = false
    private var inputHasClosed = false
    private var holdsInputClosed = false
    /// The end of the body went on already, before it came.
    private var isEndHandedOn = false
    var alarm = ConnectionAlarm()
    /// Bytes of the body, as they came.
    var received = 0
    var discarded = 0
    /// Whether the socket was asked for more and has not answered.
    var isReading = false
    var stall = WriteStall()

    package init(limits: ConnectionLimits, answers: AnswerRecord) {
        self.limits = limits
        self.answers = answers
    }

    // MARK: What arrives

    package func handlerAdded(context: ChannelHandlerContext) { setAlarm(.head, in: limits.headTime, context) }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        isReading = false
        if state.inbound == .dropped { return drop(bytes.readableBytes, context) }
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeBuffer(&bytes) }
        pump(context)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.fireChannelReadComplete()
        readOn(context)
    }

    package func read(context: ChannelHandlerContext) {
        if state.inbound == .held, unread.readableBytes > 0 {
            holdsRead = true
        } else {
            isReading = true
            context.read()
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputHasClosed = true
            endInput(context)
        case is ChannelShouldQuiesceEvent:
            if state.quiesce() { context.close(promise: nil) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { cancelTimers() }

    /// Takes apart what is there, as far as it is anybody's turn.
    private func pump(_ context: ChannelHandlerContext) {
        guard !isPumping else { return }
        isPumping = true
        defer {
            isPumping = false
            settle(context)
        }
        while state.inbound != .held, state.inbound != .dropped {
            let before = unread.readableBytes
            do {
                let part = try reader.next(&unread)
                count(before - unread.readableBytes, context)
                guard take(part, context) else { return }
            } catch {
                return refuse(error, context)
            }
        }
    }

    /// - Returns: false where more bytes are needed.
    private func take(_ part: RequestReader.Part, _ context: ChannelHandlerContext) -> Bool {
        switch part {
        case .needsMore: return false
        case .head(let head):
            state.headArrived(head)
            isEndHandedOn = false
            (received, discarded) = (0, 0)
            setAlarm(.body(received: 0), in: limits.progressTime, context)
            context.fireChannelRead(wrapInboundOut(.head(head.request)))
        case .body(let bytes):
            state.bodyArrived()
            received += bytes.readableBytes
            if state.inbound == .body { context.fireChannelRead(wrapInboundOut(.body(bytes))) }
        case .end:
            if !isEndHandedOn { context.fireChannelRead(wrapInboundOut(.end(nil))) }
            // Before the state moves: what follows may be the next request.
            isEndHandedOn = true
            clearAlarm()
            follow(state.bodyEnded(), context)
        }
        return true
    }

    /// What is discarded is counted as it came, chunk lines and all.
    private func count(_ bytes: Int, _ context: ChannelHandlerContext) {
        if state.inbound == .unwantedBody { drop(bytes, context) }
    }

    private func drop(_ bytes: Int, _ context: ChannelHandlerContext) {
        discarded += bytes
        if discarded > limits.discardBytes { context.close(promise: nil) }
    }

    /// After bytes were taken apart: keeps what waits small, and asks for more where that was wished meanwhile.
    private func settle(_ context: ChannelHandlerContext) {
        if unread.readableBytes == 0 || state.inbound == .dropped {
            unread = ByteBuffer()
        } else if unread.storageCapacity > 2 * unread.readableBytes + 512 {
            // What waits is a slice of what was read at once.
            unread = ByteBuffer(bytes: unread.readableBytesView)
        }
        if holdsInputClosed { endInput(context) }
        guard holdsRead, state.inbound != .held || unread.readableBytes == 0 else { return }
        holdsRead = false
        context.read()
    }

    /// Nobody behind us asks for more of what is discarded.
    private func readOn(_ context: ChannelHandlerContext) {
        if !inputHasClosed, state.inbound == .unwantedBody || state.inbound == .dropped { context.read() }
    }

    /// The caller sends no more.
    private func endInput(_ context: ChannelHandlerContext) {
        holdsInputClosed = false
        switch state.inbound {
        case .held where unread.readableBytes > 0:
            holdsInputClosed = true
            return
        case .head where unread.readableBytes > 0:
            return refuse(.malformed("The request ended within its head"), context)
        case .body: refuse(.malformed("The request ended within its body"), context)
        case .unwantedBody, .dropped:
            if !state.isAnswerDue { return context.close(promise: nil) }
        case .head, .held: break
        }
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// What came is no request, or no body.
    private func refuse(_ refusal: WireRefusal, _ context: ChannelHandlerContext) {
        if state.inbound == .head { return answer(refusal, context) }
        clearAlarm()
        if state.bodyBroke() {
            context.fireErrorCaught(BrokenBody(refusal: refusal))
        } else {
            context.close(promise: nil)
        }
    }

    // MARK: What is sent

    package func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case is ContinueEvent:
            promise?.succeed()
            guard state.bodyWanted() else { return }
            context.writeAndFlush(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
        case is CutOffEvent:
            promise?.succeed()
            guard state.cutOff() else { return }
            isEndHandedOn = true
            context.fireChannelRead(wrapInboundOut(.end(nil)))
            context.fireChannelReadComplete()
            readOn(context)
        default:
            context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind == .informational:
            context.write(wrapOutboundOut(.head(HTTPResponseHead(head))), promise: promise)
        case .head(let head):
            let head = framed(head)
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body(let bytes):
            guard !state.isHead else {
                promise?.succeed()
                return
            }
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: promise)
        case .end:
            // To HEAD nothing follows the head, no last chunk either.
            let end: HTTPServerResponsePart = state.isHead ? .body(.byteBuffer(ByteBuffer())) : .end(nil)
            let next = state.answerEnded()
            if next == .close { return writeLast(end, promise, context) }
            context.write(wrapOutboundOut(end), promise: promise)
            follow(next, context)
        }
    }

    package func flush(context: ChannelHandlerContext) {
        context.flush()
        watchWrites(context)
    }

    /// The head as this caller reads it.
    private func framed(_ answer: HTTPResponse) -> HTTPResponseHead {
        var head = HTTPResponseHead(answer)
        let saysClose = head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
        let hasLength = state.isHead || head.headers.contains(name: "content-length") || !head.status.mayHaveResponseBody
        if state.isHTTP10 { head.version = .http1_0 }
        switch state.answerBegins(saysClose: saysClose, hasLength: hasLength) {
        case .closes: head.headers.replaceOrAdd(name: "Connection", value: "close")
        case .says: head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
        case .implied: break
        }
        return head
    }

    /// Answers what is no request.
    private func answer(_ refusal: WireRefusal, _ context: ChannelHandlerContext) {
        let isHead = unread.readableBytesView.starts(with: "HEAD ".utf8)
        let (head, body) = answers.refuse(refusal, isHead: isHead)
        state.refused()
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        writeLast(isHead ? .body(.byteBuffer(ByteBuffer())) : .end(nil), nil, context)
    }

    /// Writes the last there is, and closes once it is gone: what still waits would be lost with the connection.
    private func writeLast(_ end: HTTPServerResponsePart, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        let sent = promise ?? context.eventLoop.makePromise()
        sent.futureResult.assumeIsolated().whenComplete { _ in self.close(context) }
        context.writeAndFlush(wrapOutboundOut(end), promise: sent)
        watchWrites(context)
    }

    private func follow(_ next: ConnectionState.Next, _ context: ChannelHandlerContext) {
        switch next {
        case .goOn: break
        case .discard:
            context.flush()
            setAlarm(.discard, in: limits.discardTime, context)
            readOn(context)
        case .awaitHead:
            setAlarm(.head, in: limits.headTime, context)
            guard unread.readableBytes > 0, !isPumping else { break }
            pump(context)
            context.fireChannelReadComplete()
        case .close: close(context)
        }
    }

    /// Sends no more, and goes on reading for a while: closed at once on bytes that are under way, the connection would be reset, and
    /// the caller might never see the answer (RFC 9112, section 9.6).
    private func close(_ context: ChannelHandlerContext) {
        guard !inputHasClosed else { return context.close(promise: nil) }
        discarded = 0
        setAlarm(.discard, in: limits.discardTime, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }
}

@available(*, unavailable)
extension HTTPConnection: Sendable {}
