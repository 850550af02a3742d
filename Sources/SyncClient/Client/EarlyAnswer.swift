import NIOCore
import NIOHTTP1

/// Lets an answer count that comes before the server has read the whole request, as a refusal does.
///
/// The library closes the connection after such an answer and then fails the request with what of it was not written yet, "I/O on
/// closed channel", before it hands on the answer's body. Here a write never fails: that a connection is lost shows in its end.
final class EarlyAnswer: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Adds itself to a connection of a client, between the library's part of it and what writes.
    static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(EarlyAnswer(), position: .after(decoder))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let promise else { return context.write(data, promise: nil) }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in promise.succeed(()) }
        context.write(data, promise: written)
    }
}
