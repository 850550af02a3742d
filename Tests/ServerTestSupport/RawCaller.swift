import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A TCP connection that sends whatever bytes it is given and keeps what comes back.
package final class RawCaller: Sendable {
    private let inbox: Inbox
    private let channel: any Channel

    private init(_ inbox: Inbox, _ channel: any Channel) {
        self.inbox = inbox
        self.channel = channel
    }

    /// - Parameter reads: false for one that takes nothing of what is sent to it.
    package static func connect(port: Int, reads: Bool = true) async throws -> RawCaller {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { $0.pipeline.addHandler(inbox) }
            .connect(host: "127.0.0.1", port: port).get()
        return RawCaller(inbox, channel)
    }

    /// Sends `bytes` on a connection of their own and returns what was answered until the server closed it, or until nothing more
    /// came for `quiet` seconds.
    /// - Parameter text: waited for first, however long it takes: what must come.
    package static func exchange(
        port: Int, _ bytes: some Sequence<UInt8>, until text: String? = nil, quiet: Double = 1
    ) async throws -> String {
        let caller = try await connect(port: port)
        await caller.send(bytes)
        if let text { _ = await eventually { caller.isClosed || caller.answer.contains(text) } }
        var seen = -1
        while !caller.isClosed, caller.count > seen {
            seen = caller.count
            _ = await eventually(quiet) { caller.isClosed || caller.count > seen }
        }
        await caller.close()
        return caller.answer
    }

    /// Whether an answer says that the server failed: 501 and 505 say that it does not know what was asked for.
    package static func isFault(_ answer: String) -> Bool {
        answer.split(separator: "HTTP/1.1 ").contains { $0.hasPrefix("5") && !$0.hasPrefix("501 ") && !$0.hasPrefix("505 ") }
    }

    /// The head of a submission with a good key.
    package static func head(
        path: String = "/api/internal/sync/users", tenant: String = "hostile", key: String = TestServer.key, _ fields: String...
    ) -> String {
        let lines =
            [
                "POST \(path) HTTP/1.1", "Host: x", "X-Internal-API-Key: \(key)", "X-Tenant-ID: \(tenant)",
                "X-Sync-Source: hostile",
                "Content-Type: application/json",
            ] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Sends; that the server has closed the connection meanwhile is no error.
    package func send(_ bytes: some Sequence<UInt8>) async { try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
    package func send(_ text: String) async { await send(text.utf8) }

    /// Sends without waiting until it is taken.
    package func start(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    private var count: Int { inbox.bytes.withLock { $0.count } }
    /// What came so far.
    package var answer: String { String(decoding: inbox.bytes.withLock { $0 }, as: UTF8.self) }
    package var isClosed: Bool { !channel.isActive }

    /// Says that nothing more comes, and goes on listening.
    package func closeOutput() async { try? await channel.close(mode: .output) }
    package func close() async { try? await channel.close() }

    private final class Inbox: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let bytes = Mutex<[UInt8]>([])

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let part = unwrapInboundIn(data)
            bytes.withLock { $0 += part.readableBytesView }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
