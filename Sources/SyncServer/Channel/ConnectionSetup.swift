import Hummingbird
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// What each connection is made of: `HTTPConnection` before the requests and answers that Hummingbird handles.
package struct ConnectionSetup: HTTPChannelHandler {
    package typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    package let responder: Responder
    let limits: ConnectionLimits
    let answers: AnswerRecord

    package init(responder: @escaping Responder, limits: ConnectionLimits, answers: AnswerRecord) {
        self.responder = responder
        self.limits = limits
        self.answers = answers
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
                HTTPResponseEncoder(), HTTPConnection(limits: limits, answers: answers),
            ] as [any ChannelHandler])
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    package func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}
