import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Asks the connection to tell the caller to go on with the body (`100 Continue`), where the caller waits for that.
package struct ContinueEvent: Sendable {
    package init() {}
}

/// Ends the body that is arriving as if it were complete; what still comes is discarded. The reader knows that it asked for this.
package struct CutOffEvent: Sendable {
    package init() {}
}

/// What Hummingbird leaves to the application at the level of a connection:
/// - `Expect: 100-continue` is answered, but only once somebody wants the body;
/// - after an answer that says `Connection: close` while the body still arrives, what comes is discarded unparsed, for a bounded
///   time and size, and the connection is closed: the caller sees the status, and nobody feeds us for ever;
/// - a body that hardly moves ends the connection;
/// - a request that is sent before the answer to the one before it has ended waits for that answer, and is dropped unread where
///   it says `Connection: close` (RFC 9112 §9.6): what is hidden behind a refused request is not carried out.
package final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// How much is discarded, and how slowly a request may come.
    package struct Limits: Sendable {
        /// How long a connection may do without a request; the head of one has to come whole within it.
        package var headTime: TimeAmount = .seconds(75)
        package var discardTime: TimeAmount = .seconds(2)
        package var discardBytes = 64 << 20
        /// A body must bring `progressBytes` in every `progressTime`.
        package var progressTime: TimeAmount = .seconds(60)
        package var progressBytes = 1024

        package init() {}
    }

    private let limits: Limits
    private var isReceiving = false
    private var awaitsContinue = false
    private var closesAfterAnswer = false
    private var isDiscarding = false
    private var hasAnswered = false
    private var discarded = 0
    private var received = 0
    private var watch: Scheduled<Void>?
    /// A request was handed on, and its answer has not ended.
    private var isAnswering = false
    /// Parts of requests after that one. No more is read while there are any.
    private var held = CircularBuffer<HTTPRequestPart>()
    private var holdsRead = false
    private var holdsInputClosed = false

    package init(limits: Limits = Limits()) { self.limits = limits }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isDiscarding { return discard(part, context: context) }
        if hasAnswered { return }
        if !held.isEmpty || isAnswering && !isReceiving { return held.append(part) }
        handOn(part, context: context)
    }

    private func handOn(_ part: HTTPRequestPart, context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            isAnswering = true
            isReceiving = true
            closesAfterAnswer = false
            awaitsContinue = head.headerFields[values: .expect].contains { $0.lowercased() == "100-continue" }
            received = 0
            watchProgress(context: context)
        case .body(let buffer):
            awaitsContinue = false
            received += buffer.readableBytes
        case .end:
            isReceiving = false
            awaitsContinue = false
            watch?.cancel()
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// Hands on what was held, up to the end of the next request.
    private func release(context: ChannelHandlerContext) {
        guard !held.isEmpty else { return }
        while !isAnswering || isReceiving, let part = held.popFirst() { handOn(part, context: context) }
        context.fireChannelReadComplete()
        guard held.isEmpty else { return }
        if holdsInputClosed {
            holdsInputClosed = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        if holdsRead {
            holdsRead = false
            context.read()
        }
    }

    package func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() } else { holdsRead = true }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event, !held.isEmpty {
            holdsInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody behind us asks for more while we discard.
        if isDiscarding { context.read() }
    }

    package func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case is ContinueEvent:
            promise?.succeed()
            guard awaitsContinue else { return }
            awaitsContinue = false
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        case is CutOffEvent:
            promise?.succeed()
            guard isReceiving, !isDiscarding else { return }
            isDiscarding = true
            context.fireChannelRead(wrapInboundOut(.end(nil)))
            context.fireChannelReadComplete()
        default:
            context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind != .informational:
            closesAfterAnswer = head.headerFields[.connection]?.lowercased() == "close"
            context.write(data, promise: promise)
        case .end where closesAfterAnswer:
            hasAnswered = true
            held.removeAll()
            context.writeAndFlush(data, promise: promise)
            if isReceiving { startDiscarding(context: context) } else { context.close(promise: nil) }
        case .end:
            isAnswering = false
            context.write(data, promise: promise)
            release(context: context)
        default:
            context.write(data, promise: promise)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        watch?.cancel()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { watch?.cancel() }

    private func startDiscarding(context: ChannelHandlerContext) {
        isDiscarding = true
        watch?.cancel()
        watch = context.eventLoop.assumeIsolated().scheduleTask(in: limits.discardTime) { context.close(promise: nil) }
        context.read()
    }

    private func discard(_ part: HTTPRequestPart, context: ChannelHandlerContext) {
        switch part {
        case .body(let buffer):
            discarded += buffer.readableBytes
            if discarded > limits.discardBytes { context.close(promise: nil) }
        case .end, .head:
            isReceiving = false
            if hasAnswered { context.close(promise: nil) }
        }
    }

    private func watchProgress(context: ChannelHandlerContext) {
        watch?.cancel()
        let before = received
        watch = context.eventLoop.assumeIsolated().scheduleTask(in: limits.progressTime) {
            guard self.isReceiving, !self.isDiscarding else { return }
            // A body that waits for us (nobody reads it) does not count as slow: then nothing is asked of the socket either.
            if self.received - before < self.limits.progressBytes, !self.awaitsContinue {
                context.close(promise: nil)
            } else {
                self.watchProgress(context: context)
            }
        }
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
