import Hummingbird
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// How each connection is built: `HTTPConnection` in front of the requests and answers that Hummingbird handles.
package struct ConnectionSetup: HTTPChannelHandler {
    package typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    package let responder: Responder
    let limits: ConnectionLimits
    let answers: AnswerRecord
    let register: ConnectionRegister

    package init(
        responder: @escaping Responder, limits: ConnectionLimits, answers: AnswerRecord, register: ConnectionRegister
    ) {
        self.responder = responder
        self.limits = limits
        self.answers = answers
        self.register = register
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        register.enter(channel)
        channel.closeFuture.whenComplete { [register] _ in register.leave(channel) }
        return channel.eventLoop.makeCompletedFuture {
            ReadSize.small.apply(to: channel)
            // Buffer only a few answers that the caller does not take: small ones cost several times their bytes.
            try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 1 << 10, high: 4 << 10))
            #if os(Linux)
                // TCP_NOTSENT_LOWAT: keeps the kernel from buffering megabytes of answers that the caller does not read.
                try? channel.syncOptions?.setOption(
                    ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: 25)), value: 128 << 10)
            #endif
            try channel.pipeline.syncOperations.addHandlers(
                [
                    HTTPResponseEncoder(), HTTPConnection(limits: limits, answers: answers, register: register),
                ] as [any ChannelHandler])
            return try Value(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    package func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}
