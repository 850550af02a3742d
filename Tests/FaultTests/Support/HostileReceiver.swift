import Dispatch
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
        /// Takes so many a second, and answers the others in this way.
        case limit(Int, status: Int, headers: [String: String] = [:])
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
        var path: String
        var id: String
        var job: String
        /// How it was answered.
        var manner: Manner
        var isTaken: Bool { if case .good = manner { true } else { false } }
    }

    private struct State {
        var port = 0
        var manner: Manner
        var received: [Received] = []
        var connections = 0
        /// What it took in the present second, of a manner that limits.
        var window: (second: UInt64, taken: Int) = (0, 0)
        /// Connections that may be open.
        var children: [any Channel] = []

        /// How the next request is answered.
        mutating func nextManner() -> Manner {
            guard case .limit(let most, let status, let headers) = manner else { return manner }
            let second = DispatchTime.now().uptimeNanoseconds / 1_000_000_000
            if window.second != second { window = (second, 0) }
            guard window.taken < most else { return .status(status, headers: headers) }
            window.taken += 1
            return .good
        }
    }

    private let state: Mutex<State>
    private let channel = Mutex<(any Channel)?>(nil)

    private init(_ manner: Manner) { state = Mutex(State(manner: manner)) }

    /// Serves while `body` runs.
    static func run<T>(_ manner: Manner, _ body: (HostileReceiver) async throws -> T) async throws -> T {
        let receiver = HostileReceiver(manner)
        try await receiver.listen(on: 0)
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(receiver)) } catch { outcome = .failure(error) }
        try? await receiver.channel.withLock { $0 }?.close()
        return try outcome.get()
    }

    private func listen(on port: Int) async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    self.state.withLock { state in
                        state.connections += 1
                        state.children.removeAll { !$0.isActive }
                        state.children.append(channel)
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.channel.withLock { $0 = channel }
        state.withLock { $0.port = channel.localAddress?.port ?? 0 }
    }

    /// Dies: it listens no more, and its connections are closed.
    func goDown() async throws {
        try await channel.withLock { $0 }?.close()
        let children = state.withLock { state in
            defer { state.children = [] }
            return state.children
        }
        for child in children { try? await child.close() }
    }

    /// Listens again, where it did.
    func comeBack() async throws { try await listen(on: port) }

    var port: Int { state.withLock { $0.port } }
    var url: String { "http://127.0.0.1:\(port)/hook" }
    var received: [Received] { state.withLock { $0.received } }
    var connections: Int { state.withLock { $0.connections } }

    /// How it answers from now on.
    func answer(_ manner: Manner) { state.withLock { $0.manner = manner } }

    private func take(path: String, id: String, body: ByteBuffer) -> Manner {
        let job = JSONValue(.init(body.readableBytesView)).data.jobId.string ?? ""
        return state.withLock { state in
            let manner = state.nextManner()
            state.received.append(Received(path: path, id: id, job: job, manner: manner))
            return manner
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: HostileReceiver
        private var path = ""
        private var id = ""
        private var body = ByteBuffer()

        init(_ receiver: HostileReceiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                path = head.uri
                id = head.headers.first(name: "webhook-id") ?? ""
                body = ByteBuffer()
            case .body(var part): body.writeBuffer(&part)
            case .end: answer(receiver.take(path: path, id: id, body: body), context)
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
            // `nextManner` is never `limit`.
            case .silence, .limit: break
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
