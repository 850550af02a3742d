import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// A real HTTP server, usually on 127.0.0.1, that answers as it is told and remembers what it was sent.
final class HTTPReceiver: Sendable {
    struct Request: Sendable {
        var method: HTTPMethod
        var uri: String
        var headers: HTTPHeaders
        var body: [UInt8]
        var receivedAt: ContinuousClock.Instant
        /// Which connection brought it, from 1.
        var connection: Int
    }

    enum Reply: Sendable {
        case status(Int, headers: [(String, String)] = [], body: String = "")
        /// The head of an answer, then its body for ever, as fast as it is taken.
        case endlessBody
        /// The head of an answer, then a byte every 20 ms for ever.
        case slowBody
        /// Nothing.
        case silence
        /// Closes the connection.
        case close
        /// Waits, then answers 200.
        case after(Duration)
    }

    private struct State {
        var requests: [Request] = []
        var connections = 0
        var openConnections = 0
        var peakConnections = 0
        var open = 0
        var peak = 0
        var flooded = 0
    }

    /// Bytes of endless bodies that were taken.
    var flooded: Int { state.withLock { $0.flooded } }

    private let state = Mutex(State())
    private let received = Gauge()
    private let reply: @Sendable (Request, _ number: Int) -> Reply
    private let channel = Mutex<(any Channel)?>(nil)

    /// - Parameter reply: what to answer to the `number`-th request (from 1).
    init(_ reply: @escaping @Sendable (Request, _ number: Int) -> Reply) { self.reply = reply }

    convenience init(_ fixed: Reply) { self.init { _, _ in fixed } }

    /// Serves while `body` runs.
    /// - Parameter tls: `nil`: plain HTTP.
    func run<T>(
        on address: String = "127.0.0.1", port: Int = 0, tls: NIOSSLContext? = nil, _ body: (_ url: String) async throws -> T
    ) async throws -> T {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = self.state.withLock { state in
                        state.connections += 1
                        state.openConnections += 1
                        state.peakConnections = max(state.peakConnections, state.openConnections)
                        return state.connections
                    }
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(self, connection: number))
                }
            }
            .bind(host: address, port: port).get()
        let outcome: Result<T, any Error>
        do {
            outcome = .success(try await body("\(tls == nil ? "http" : "https")://\(address):\(channel.localAddress!.port!)"))
        } catch {
            outcome = .failure(error)
        }
        try await channel.close()
        return try outcome.get()
    }

    var requests: [Request] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }
    /// The most connections that were open at once.
    var peakConnections: Int { state.withLock { $0.peakConnections } }
    /// The most requests that were unanswered at once.
    var peak: Int { state.withLock { $0.peak } }

    /// Returns once so many requests came.
    func requests(_ count: Int) async throws -> [Request] {
        try await received.reaches(count)
        return requests
    }

    private func take(_ request: Request) -> Reply {
        let number = state.withLock { state in
            state.requests.append(request)
            state.open += 1
            state.peak = max(state.peak, state.open)
            received.set(state.requests.count)
            return state.requests.count
        }
        return reply(request, number)
    }

    private func answered() { state.withLock { $0.open -= 1 } }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: HTTPReceiver
        private let connection: Int
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []
        private var isOpen = false

        init(_ receiver: HTTPReceiver, connection: Int) {
            self.receiver = receiver
            self.connection = connection
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(let part): body += part.readableBytesView
            case .end:
                guard let head else { return }
                let request = Request(
                    method: head.method, uri: head.uri, headers: head.headers, body: body, receivedAt: .now,
                    connection: connection)
                self.head = nil
                body = []
                isOpen = true
                perform(receiver.take(request), context)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            if isOpen { receiver.answered() }
            isOpen = false
            receiver.state.withLock { $0.openConnections -= 1 }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func perform(_ reply: Reply, _ context: ChannelHandlerContext) {
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            switch reply {
            case .status(let code, let headers, let text):
                var fields = HTTPHeaders(headers)
                fields.add(name: "Content-Length", value: String(text.utf8.count))
                let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: code), headers: fields)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                receiver.answered()
                isOpen = false
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .endlessBody, .slowBody:
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Transfer-Encoding": "chunked"])
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
                if case .endlessBody = reply { flood(context) } else { drip(context) }
            case .silence: break
            case .close: context.close(promise: nil)
            case .after(let delay):
                context.eventLoop.scheduleTask(in: TimeAmount(delay)) {
                    let (handler, context) = loopBound.value
                    handler.perform(.status(200), context)
                }
            }
        }

        private func flood(_ context: ChannelHandlerContext) {
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(repeating: 120, count: 32 * 1024))))).whenSuccess {
                // Not from within: a write that is taken at once would go ever deeper.
                let (handler, context) = loopBound.value
                handler.receiver.state.withLock { $0.flooded += 32 * 1024 }
                context.eventLoop.assumeIsolated().execute { if context.channel.isActive { handler.flood(context) } }
            }
        }

        private func drip(_ context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "x")))), promise: nil)
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(20)) {
                let (handler, context) = loopBound.value
                handler.drip(context)
            }
        }
    }
}
