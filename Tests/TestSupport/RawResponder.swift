import NIOCore
import NIOPosix

/// Listens, takes what it is sent and answers with given bytes, whatever they are.
package struct RawResponder {
    private let answers: [String]
    private let closes: Bool

    package init(answer: String) {
        answers = [answer]
        closes = true
    }

    /// One answer for each request of a connection. After the last nothing more is read, and the connection stays.
    package init(answers: [String]) {
        self.answers = answers
        closes = false
    }

    /// Serves while `body` runs; hands it the address.
    package func serve<Value: Sendable>(_ body: (String) async throws -> Value) async throws -> Value {
        let (answers, closes) = (answers, closes)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answers: answers, closes: closes))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let value = try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
            try await channel.close()
            return value
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var answers: ArraySlice<String>
        private let closes: Bool

        init(answers: [String], closes: Bool) {
            self.answers = answers[...]
            self.closes = closes
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let channel = context.channel
            guard let answer = closes ? answers.first : answers.popFirst() else { return }
            guard closes else {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
                if answers.isEmpty {
                    try? channel.syncOptions?.setOption(.autoRead, value: false)
                    context.eventLoop.scheduleTask(in: .seconds(20)) { channel.close(promise: nil) }
                }
                return
            }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
