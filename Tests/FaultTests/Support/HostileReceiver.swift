import NIOCore
import NIOHTTP1
import NIOPosix
import ServerTestSupport
import Synchronization
import TestSupport

/// A receiver of webhooks that answers in whatever way it is told to, and keeps what it was sent.
final class HostileReceiver: Sendable {
    enum Manner: Sendable {
        case good
        case status(Int, headers: [String: String] = [:])
        /// Takes the request and says nothing.
        case silence
        /// The head of an answer, a byte a second.
        case drip
        /// A whole head of a 200, then a body for ever.
        case endlessBody
        /// Closes without an answer.
        case close
    }

    struct Received: Sendable {
        var id: String
        var job: String
        var manner: Manner
    }

    private struct State {
        var manner: Manner
        var received: [Received] = []
        var connections = 0
    }

    private let state: Mutex<State>
    private let channel = Mutex<(any Channel)?>(nil)

    private init(_ manner: Manner) { state = Mutex(State(manner: manner)) }

    /// Serves while `body` runs.
    static func run<T>(_ manner: Manner, _ body: (HostileReceiver) async throws -> T) async throws -> T {
        let receiver = HostileReceiver(manner)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    receiver.state.withLock { $0.connections += 1 }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(Handler(receiver))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        receiver.channel.withLock { $0 = channel }
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(receiver)) } catch { outcome = .failure(error) }
        try await channel.close()
        return try outcome.get()
    }

    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }
    var url: String { "http://127.0.0.1:\(port)/hook" }
    var received: [Received] { state.withLock { $0.received } }
    var connections: Int { state.withLock { $0.connections } }

    /// How it answers from now on.
    func answer(_ manner: Manner) { state.withLock { $0.manner = manner } }

    private func take(id: String, body: ByteBuffer) -> Manner {
        let job = JSONValue(.init(body.readableBytesView)).data.jobId.string ?? ""
        return state.withLock { state in
            state.received.append(Received(id: id, job: job, manner: state.manner))
            return state.manner
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: HostileReceiver
        private var id = ""
        private var body = ByteBuffer()

        init(_ receiver: HostileReceiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                id = head.headers.first(name: "webhook-id") ?? ""
                body = ByteBuffer()
            case .body(var part): body.writeBuffer(&part)
            case .end: answer(receiver.take(id: id, body: body), context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func answer(_ manner: Manner, _ context: ChannelHandlerContext) {
            switch manner {
            case .good: answer(.status(200), context)
            case .status(let code, let fields):
                var headers = HTTPHeaders(fields.map { ($0.key, $0.value) })
                headers.add(name: "Content-Length", value: "0")
                let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: code), headers: headers)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .silence: break
            case .close: context.close(promise: nil)
            case .drip: drip("HTTP/1.1 200 OK\r\nX-Slow: \(String(repeating: "s", count: 1000))"[...], context)
            case .endlessBody:
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Transfer-Encoding": "chunked"])
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
                flood(context)
            }
        }

        private func flood(_ context: ChannelHandlerContext) {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let part = ByteBuffer(repeating: 0x78, count: 32 << 10)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(part)))).whenSuccess {
                let (handler, context) = bound.value
                if context.channel.isActive { handler.flood(context) }
            }
        }

        /// Raw bytes, past the encoder.
        private func drip(_ text: Substring, _ context: ChannelHandlerContext) {
            guard context.channel.isActive, let byte = text.utf8.first else { return }
            let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
            encoder?.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer(bytes: [byte]))), promise: nil)
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .seconds(1)) {
                let (handler, context) = bound.value
                handler.drip(text.dropFirst(), context)
            }
        }
    }
}
