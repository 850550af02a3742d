import Foundation

/// Sockets by path, as the system's calls have them.
enum UnixSocket {
    static func listen(_ path: String) throws -> Int32 {
        let socket = try make()
        guard at(path, { bind(socket, $0, $1) }) == 0, Foundation.listen(socket, 64) == 0 else { throw failed(socket) }
        return socket
    }

    static func connect(_ path: String) throws -> Int32 {
        let socket = try make()
        guard at(path, { Foundation.connect(socket, $0, $1) }) == 0 else { throw failed(socket) }
        return socket
    }

    /// Whether somebody listens.
    static func accepts(_ path: String) -> Bool {
        guard let socket = try? connect(path) else { return false }
        close(socket)
        return true
    }

    /// - Returns: false if the other side has gone.
    static func send(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    private static func make() throws -> Int32 {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw failed(-1) }
        return socket
    }

    private static func failed(_ socket: Int32) -> PostgreSQLServer.Failed {
        defer { close(socket) }
        return PostgreSQLServer.Failed(description: String(cString: strerror(errno)))
    }

    private static func at(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
