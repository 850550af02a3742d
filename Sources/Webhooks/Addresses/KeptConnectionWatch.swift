import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection that had carried a request before was lost while the answer to another was awaited: its receiver probably closed it
/// just as it was used again.
struct KeptConnectionLost: Error, Sendable, Hashable {}

/// A connection was lost that had been established: the request may have been sent, in part or whole.
struct ConnectionBroken: Error {
    let cause: IOError
}

/// Tells the loss of a connection that had been used before from the loss of a new one, and that from a failure to connect.
///
/// It stands between the HTTP codec and the client's own handler, which fails the request with the first error that it is told.
final class KeptConnectionWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart

    private var requests = 0
    private var awaitsAnswer = false

    /// Adds itself to a connection of the client, behind a `StatusGuard`.
    static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(KeptConnectionWatch(), position: .after(decoder))
            try StatusGuard.add(to: pipeline)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head = unwrapOutboundIn(data) {
            requests += 1
            awaitsAnswer = true
        }
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        awaitsAnswer = false
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        let isClosed = [ECONNRESET, EPIPE].contains(error.errnoCode)
        context.fireErrorCaught(isClosed && isKept ? KeptConnectionLost() : ConnectionBroken(cause: error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isKept { context.fireErrorCaught(KeptConnectionLost()) }
        context.fireChannelInactive()
    }

    /// Whether what is lost now is a request on a connection that had been used before.
    private var isKept: Bool { awaitsAnswer && requests > 1 }
}
