import NIOCore
import NIOPosix

/// Listeners that answer no further connection: none is accepted, and their queues are full. A machine that drops packets looks the
/// same.
struct SilentListeners: Sendable {
    private let channels: [any Channel]

    init(_ addresses: [String], port: Int) async throws {
        var channels: [any Channel] = []
        for address in addresses {
            channels.append(
                try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .serverChannelOption(.backlog, value: 1)
                    .serverChannelOption(.autoRead, value: false)
                    .bind(host: address, port: port).get())
            // Linux queues one more than the backlog says.
            for _ in 0..<2 {
                channels.append(
                    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                        .connect(host: address, port: port).get())
            }
        }
        self.channels = channels
    }

    /// A connection in a queue may end with its listener, and cannot be closed then.
    func close() async { for channel in channels { try? await channel.close() } }
}
