package import NIOCore
package import NIOHTTP1
package import NIOHTTPTypes

/// An HTTP/1.1 connection, between its bytes and the requests and answers behind it. `RequestReader` parses the bytes,
/// `ConnectionState` decides what happens next, and this class does it:
/// - one request is passed on at a time; whatever a caller sends meanwhile waits as bytes, at most one read (RFC 9112 §9.3.2);
/// - `Expect: 100-continue` is answered once the body is wanted;
/// - an unwanted body, and whatever follows the last answer, is discarded within limits of time and size: the caller sees the
///   answer, and cannot keep the server reading for ever;
/// - what is not a request is answered like any other refusal, counted and logged;
/// - a caller who sends or takes hardly anything loses the connection.
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
    /// Bytes not parsed yet.
    var unread = ByteBuffer()
    var isPumping = false
    /// More was asked for while unparsed bytes waited.
    private var holdsRead = false
    var inputHasClosed = false
    private var holdsInputClosed = false
    /// The last answer has been written and the output closed.
    var isClosing = false
    /// The body's end was passed on before it arrived.
    var isEndHandedOn = false
    var alarm = ConnectionAlarm()
    /// Bytes of the body so far, as received.
    var received = 0
    var discarded = 0
    /// Whether a read of the socket is outstanding.
    var isReading = false
    var stall = WriteStall()
    /// Ends the wait for which the answer is put off.
    var endWait: (@Sendable () -> Void)?
    /// It was told to make room.
    private(set) var isLeaving = false
    /// While it runs, waiting bytes are not parsed.
    var pause: Scheduled<Void>?

    var readSize = ReadSize.small
    /// The first byte of the next request may take its time.
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
        // A caller that keeps sending is not the first to go when there are too many.
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

    /// Parses what is there, as far as the state allows.
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

    /// - Returns: false if more bytes are needed.
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
            // Before the state changes: what follows may be the next request.
            isEndHandedOn = true
            clearAlarm()
            follow(state.bodyEnded(), context)
        }
        return true
    }

    /// Discarded bytes are counted as received, chunk lines included.
    private func count(_ bytes: Int, _ context: ChannelHandlerContext) {
        if state.inbound == .unwantedBody { drop(bytes, context) }
    }

    func drop(_ bytes: Int, _ context: ChannelHandlerContext) {
        discarded += bytes
        if discarded > limits.discardBytes { close(.excess, context) }
    }

    /// After parsing: keeps waiting bytes small, and reads on if that was asked for meanwhile.
    private func settle(_ context: ChannelHandlerContext) {
        if unread.readableBytes == 0 || state.inbound == .dropped {
            unread = ByteBuffer()
        } else if unread.storageCapacity > 2 * unread.readableBytes + 512 {
            // The rest is a slice of the whole read: copy it so that the read can be freed.
            unread = ByteBuffer(bytes: unread.readableBytesView)
        }
        if holdsInputClosed { endInput(context) }
        guard holdsRead, state.inbound != .held || unread.readableBytes == 0 else { return }
        holdsRead = false
        context.read()
    }

    /// Nothing behind this handler asks for more of what is discarded.
    func readOn(_ context: ChannelHandlerContext) {
        if !inputHasClosed, state.inbound == .unwantedBody || state.inbound == .dropped { context.read() }
    }

    /// The caller will send nothing more.
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
            // Until then the last of the answer is under way, and closes the connection itself.
            if isClosing { context.close(promise: nil) }
            return
        case .head, .held, .unwantedBody, .dropped: break
        }
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// Makes room for another connection.
    func leave(_ context: ChannelHandlerContext) {
        guard state.isAnswerDue else { return context.close(promise: nil) }
        isLeaving = true
        if state.inbound == .body {
            refuse(.crowded, context)
            unread = ByteBuffer()
        } else {
            state.lastRequest()
            endWait?()
        }
        setAlarm(.discard, in: limits.discardTime, context)
        readOn(context)
    }

    /// What arrived is not a request, or not a body.
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
