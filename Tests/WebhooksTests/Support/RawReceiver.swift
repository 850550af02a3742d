import NIOCore
import NIOPosix
import Synchronization

/// A TCP server on 127.0.0.1 that remembers the bytes it was sent and may drip an answer, byte by byte.
final class RawReceiver: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var connections = 0
    }

    private let state = Mutex(State())
    private let drip: [UInt8]

    /// - Parameter drip: sent a byte every 20 ms, the last one for ever; empty: nothing is answered.
    init(drip: String = "") { self.drip = Array(drip.utf8) }

    /// Serves while `body` runs.
    func run<T>(_ body: (_ port: Int) async throws -> T) async throws -> T {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    self.state.withLock { $0.connections += 1 }
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(channel.localAddress!.port!)) } catch { outcome = .failure(error) }
        try await channel.close()
        return try outcome.get()
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var connections: Int { state.withLock { $0.connections } }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let receiver: RawReceiver
        private var isDripping = false

        init(_ receiver: RawReceiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let part = unwrapInboundIn(data)
            receiver.state.withLock { $0.bytes += part.readableBytesView }
            guard !receiver.drip.isEmpty else {
                // Whoever asked in TLS gets no answer but the end.
                return context.close(promise: nil)
            }
            if !isDripping { drip(context, 0) }
            isDripping = true
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func drip(_ context: ChannelHandlerContext, _ at: Int) {
            guard context.channel.isActive else { return }
            let byte = receiver.drip[min(at, receiver.drip.count - 1)]
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [byte])), promise: nil)
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(20)) {
                let (handler, context) = bound.value
                handler.drip(context, at + 1)
            }
        }
    }
}
