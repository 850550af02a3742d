import NIOCore
import NIOPosix
import Synchronization

/// A small HTTP proxy on 127.0.0.1 that connects whatever it is asked for to one port of 127.0.0.1, and remembers what it was asked.
final class ConnectProxy: Sendable {
    private let target: Int
    /// What `Proxy-Authorization` must be; `nil`: nothing is asked for.
    private let authorization: String?
    private let seen = Mutex<[String]>([])

    init(to target: Int, authorization: String? = nil) {
        self.target = target
        self.authorization = authorization
    }

    /// The heads of the requests.
    var heads: [String] { seen.withLock { $0 } }

    /// Serves while `body` runs.
    func run<T>(_ body: (_ port: Int) async throws -> T) async throws -> T {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Asked(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(channel.localAddress!.port!)) } catch { outcome = .failure(error) }
        try await channel.close()
        return try outcome.get()
    }

    /// The caller's side: reads the head of the request, then passes bytes on.
    private final class Asked: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let proxy: ConnectProxy
        private var head = ""
        private var other: (any Channel)?

        init(_ proxy: ConnectProxy) { self.proxy = proxy }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let part = unwrapInboundIn(data)
            if let other { return other.writeAndFlush(part, promise: nil) }
            head += String(buffer: part)
            // The caller waits for the answer before it sends more.
            guard head.hasSuffix("\r\n\r\n") else { return }
            proxy.seen.withLock { $0.append(head) }
            let isKnown = proxy.authorization.map { head.lowercased().contains("proxy-authorization: \($0)\r\n".lowercased()) }
            guard isKnown != false, head.hasPrefix("CONNECT ") else {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.refusal)), promise: nil)
                return context.close(promise: nil)
            }
            let caller = context.channel
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Passing(to: caller))
                    }
                }
                .connect(host: "127.0.0.1", port: proxy.target)
                .whenSuccess { channel in
                    let (handler, context) = bound.value
                    handler.other = channel
                    context.writeAndFlush(handler.wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")), promise: nil)
                }
        }

        func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private static let refusal =
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
    }

    /// The receiver's side.
    private final class Passing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let caller: any Channel

        init(to caller: any Channel) { self.caller = caller }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            caller.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { caller.close(promise: nil) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
