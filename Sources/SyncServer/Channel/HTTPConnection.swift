package import NIOCore
package import NIOHTTP1
package import NIOHTTPTypes

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
    let register: ConnectionRegister
    var state = ConnectionState()
    private var reader = RequestReader()
    /// Bytes that are not taken apart yet.
    var unread = ByteBuffer()
    var isPumping = false
    /// More was asked for while bytes waited.
    private var holdsRead = false
    var inputHasClosed = false
    private var holdsInputClosed = false
    /// Everything is sent, and said to be.
    var isClosing = false
    /// The end of the body went on already, before it came.
    var isEndHandedOn = false
    var alarm = ConnectionAlarm()
    /// Bytes of the body, as they came.
    var received = 0
    var discarded = 0
    /// Whether the socket was asked for more and has not answered.
    var isReading = false
    var stall = WriteStall()
    /// What waits is read once this is over.
    var pause: Scheduled<Void>?

    var readSize = ReadSize.small
    /// The first byte of the next request is to come, and may take its time.
    var isKeptAlive = false

    package init(limits: ConnectionLimits, answers: AnswerRecord, register: ConnectionRegister) {
        self.limits = limits
        self.answers = answers
        self.register = register
    }

    // MARK: What arrives

    package func handlerAdded(context: ChannelHandlerContext) { setAlarm(.head, in: limits.headTime, context) }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        isReading = false
        if state.inbound == .dropped { return drop(bytes.readableBytes, context) }
        if isKeptAlive {
            isKeptAlive = false
            setAlarm(.head, in: limits.headTime, context)
        }
        // Who goes on sending is not who goes first where there are too many.
        if state.inbound == .body { register.set(context.channel, isBusy: true) }
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeBuffer(&bytes) }
        pump(context)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.fireChannelReadComplete()
        readOn(context)
    }

    package func read(context: ChannelHandlerContext) {
        if state.inbound == .held || pause != nil, unread.readableBytes > 0 {
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
    func pump(_ context: ChannelHandlerContext) {
        guard !isPumping, pause == nil else { return }
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
            register.set(context.channel, isBusy: true)
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

    func drop(_ bytes: Int, _ context: ChannelHandlerContext) {
        discarded += bytes
        if discarded > limits.discardBytes { close(.excess, context) }
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
    func readOn(_ context: ChannelHandlerContext) {
        if !inputHasClosed, state.inbound == .unwantedBody || state.inbound == .dropped { context.read() }
    }

    /// The caller sends no more.
    private func endInput(_ context: ChannelHandlerContext) {
        holdsInputClosed = pause != nil
        guard pause == nil else { return }
        switch state.inbound {
        case .held where unread.readableBytes > 0:
            holdsInputClosed = true
            return
        case .head where unread.readableBytes > 0:
            return refuse(.malformed("The request ended within its head"), context)
        case .body: refuse(.malformed("The request ended within its body"), context)
        case .unwantedBody where !state.isAnswerDue:
            // The rest of the answer may be under way; it has the time that the rest of the body had.
            if pendingWrites(context) == 0 { context.close(promise: nil) }
            return
        case .dropped where !state.isAnswerDue:
            // Before that the last of the answer is under way, and closes behind itself.
            if isClosing { context.close(promise: nil) }
            return
        case .head, .held, .unwantedBody, .dropped: break
        }
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// Makes room for another connection.
    func leave(_ context: ChannelHandlerContext) {
        guard state.inbound == .body else { return context.close(promise: nil) }
        refuse(.crowded, context)
        unread = ByteBuffer()
        setAlarm(.discard, in: limits.discardTime, context)
        readOn(context)
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
}

@available(*, unavailable)
extension HTTPConnection: Sendable {}
