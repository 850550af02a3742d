import Foundation
import NIOCore
import NIOPosix

/// A TCP connection for what no HTTP client would send.
package struct RawConnection: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Connects, runs `body` with a way to write and a way to read what came so far, and closes.
    package static func run<T: Sendable>(
        port: Int,
        _ body: (_ write: (String) async throws -> Void, _ read: (_ until: String) async throws -> String) async throws -> T
    ) async throws -> T {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            var text = ""
            return try await body(
                { try await outbound.write(ByteBuffer(string: $0)) },
                { until in
                    // Reads until the text stands in what came, or the connection closes.
                    while until.isEmpty || !text.contains(until) {
                        guard let part = try? await iterator.next() else { break }
                        text += String(buffer: part)
                    }
                    return text
                })
        }
    }
}
