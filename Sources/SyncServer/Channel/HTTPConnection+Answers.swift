import HTTPTypes
package import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

// What is sent.
extension HTTPConnection {
    package func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case is ContinueEvent:
            promise?.succeed()
            if state.inbound == .body { setReadSize(.large, context) }
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
        case is LeaveEvent:
            promise?.succeed()
            leave(context)
        case let event as WaitEvent:
            promise?.succeed()
            if isLeaving { event.end() } else { endWait = event.end }
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
            // Nothing follows the head in an answer to HEAD, not even a last chunk.
            let end: HTTPServerResponsePart = state.isHead ? .body(.byteBuffer(ByteBuffer())) : .end(nil)
            let next = state.answerEnded()
            endWait = nil
            if next == .close { return writeLast(end, promise, context) }
            context.write(wrapOutboundOut(end), promise: promise)
            follow(next, context)
        }
    }

    package func flush(context: ChannelHandlerContext) {
        context.flush()
        watchWrites(context)
    }

    /// The head with the version and `Connection` header that this caller understands.
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

    /// Answers something that is not a request.
    func answer(_ refusal: WireRefusal, _ context: ChannelHandlerContext) {
        let isHead = unread.readableBytesView.starts(with: "HEAD ".utf8)
        let (head, body) = answers.refuse(refusal, isHead: isHead)
        state.refused()
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        writeLast(isHead ? .body(.byteBuffer(ByteBuffer())) : .end(nil), nil, context)
    }

    /// Writes the end, and closes once it is sent: closing earlier would lose what is still queued.
    private func writeLast(_ end: HTTPServerResponsePart, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        let sent = promise ?? context.eventLoop.makePromise()
        sent.futureResult.assumeIsolated().whenComplete { _ in self.close(context) }
        context.writeAndFlush(wrapOutboundOut(end), promise: sent)
        watchWrites(context)
    }

    func follow(_ next: ConnectionState.Next, _ context: ChannelHandlerContext) {
        switch next {
        case .goOn: break
        case .discard:
            register.finish(context.channel)
            context.flush()
            setAlarm(.discard, in: limits.discardTime, context)
            readOn(context)
        case .awaitHead:
            setReadSize(.small, context)
            let standing = register.settle(context.channel)
            isKeptAlive = standing.isCaller
            setAlarm(.head, in: isKeptAlive ? limits.keepAliveTime : limits.headTime, context)
            guard unread.readableBytes > 0, !isPumping else { break }
            if let time = standing.pause { return wait(time, context) }
            pump(context)
            context.fireChannelReadComplete()
        case .close: close(context)
        }
    }

    private func setReadSize(_ size: ReadSize, _ context: ChannelHandlerContext) {
        guard size != readSize else { return }
        readSize = size
        size.apply(to: context.channel)
    }

    /// Closes on a caller who keeps the connection waiting, or does not stop sending.
    func close(_ reason: ConnectionRegister.Reason, _ context: ChannelHandlerContext) {
        register.closed(reason)
        context.close(promise: nil)
    }

    /// Stops sending and goes on reading for a while: if it closed at once on bytes under way, the connection would be reset, and
    /// the caller might never see the answer (RFC 9112, section 9.6).
    private func close(_ context: ChannelHandlerContext) {
        guard !inputHasClosed else { return context.close(promise: nil) }
        // Nothing is under way any more: when there are too many, it goes before those being served.
        register.finish(context.channel)
        isClosing = true
        // What was discarded before counts: both together are bounded.
        setAlarm(.discard, in: limits.discardTime, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }
}
