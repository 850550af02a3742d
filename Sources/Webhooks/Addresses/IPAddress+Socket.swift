import NIOCore
import SyncModel

extension IPAddress {
    /// `nil` for a unix socket.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text)
    }
}
