package import NIOCore
package import NIOHTTP1

/// Refuses an answer whose status is below 100, which no HTTP status is (RFC 9110 §15).
///
/// The client's library takes each status below 200 for an interim answer, and ends the process when one of these turns out to be
/// complete. So any receiver could end the server, and again after each start, as the attempt is not recorded.
package final class StatusGuard: ChannelInboundHandler {
    package typealias InboundIn = HTTPClientResponsePart

    private var isRefused = false

    /// Adds itself to a connection of a client, before what else reads its answers.
    package static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture { try add(to: channel.pipeline.syncOperations) }
    }

    /// On the connection's event loop.
    static func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
        try pipeline.addHandler(StatusGuard(), position: .after(decoder))
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        if case .head(let head) = unwrapInboundIn(data), head.status.code < 100 {
            isRefused = true
            context.fireErrorCaught(HTTPParserError.invalidStatus)
            context.close(promise: nil)
        } else {
            context.fireChannelRead(data)
        }
    }
}
