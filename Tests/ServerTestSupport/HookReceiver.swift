package import Foundation
package import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
package import TestSupport

/// A real HTTP server on the loopback that keeps what is posted to it.
package final class HookReceiver: Sendable {
    package struct Received: Sendable {
        package var path: String
        package var headers: [String: String]
        package var body: Data
        package var json: JSONValue { JSONValue(body) }
    }

    private struct State {
        var received: [Received] = []
        var status = 200
        var delay: TimeAmount = .zero
    }

    private let state = Mutex(State())
    private let channel: any Channel

    package let port: Int
    package var url: String { "http://127.0.0.1:\(port)/hook" }
    package var received: [Received] { state.withLock { $0.received } }
    package var count: Int { state.withLock { $0.received.count } }

    package static func start() async throws -> HookReceiver {
        let holder = Holder()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(holder: holder))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let receiver = HookReceiver(channel: channel)
        holder.receiver.withLock { $0 = receiver }
        return receiver
    }

    private init(channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    package func stop() async { try? await channel.close() }

    /// What it answers from now on.
    package func answer(with status: Int) { state.withLock { $0.status = status } }

    /// How long it takes over each answer from now on.
    package func answer(after delay: TimeAmount) { state.withLock { $0.delay = delay } }

    /// Waits until `count` webhooks came (or `seconds` passed) and returns them all.
    package func wait(for count: Int, seconds: Double = Double(hangTime)) async -> [Received] {
        _ = await eventually(seconds) { received.count >= count }
        return received
    }

    /// The webhooks of a job.
    package func of(job id: String) -> [Received] { received.filter { $0.json.data.jobId.string == id } }

    private func take(_ webhook: Received) -> (status: Int, delay: TimeAmount) {
        state.withLock {
            $0.received.append(webhook)
            return ($0.status, $0.delay)
        }
    }

    private final class Holder: Sendable {
        let receiver = Mutex<HookReceiver?>(nil)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let holder: Holder
        private var head: HTTPRequestHead?
        private var body = Data()

        init(holder: Holder) { self.holder = holder }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = Data()
            case .body(let part): body.append(contentsOf: part.readableBytesView)
            case .end:
                var headers: [String: String] = [:]
                for field in head?.headers ?? [:] { headers[field.name.lowercased()] = field.value }
                let webhook = Received(path: head?.uri ?? "", headers: headers, body: body)
                let (status, delay) = holder.receiver.withLock { $0 }?.take(webhook) ?? (500, .zero)
                guard delay > .zero else { return answer(status, context) }
                context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.answer(status, context) }
            }
        }

        private func answer(_ status: Int, _ context: ChannelHandlerContext) {
            let answer = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: ["content-length": "0"])
            context.write(wrapOutboundOut(.head(answer)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
