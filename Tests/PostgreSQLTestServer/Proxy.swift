import Foundation
import Synchronization

/// Stands between a client and a server, on a Unix socket of its own, and spoils what passes as a test asks.
package final class Proxy: Sendable {
    package enum Mode: Sendable, Equatable {
        case pass
        /// Reads nothing: what is sent stays with the sender.
        case hold
        /// Takes everything and passes nothing on.
        case drop
        /// Passes everything on after a while.
        case delay(milliseconds: UInt32)
        /// Passes so many more bytes of answers on, then closes both sides: 0: as soon as there is an answer.
        case cutAnswer(after: Int)
        /// As `cutAnswer`, of requests.
        case cutRequest(after: Int)
    }

    private struct State {
        var mode = Mode.pass
        /// Passed on since the mode was set.
        var requests = 0
        var answers = 0
        var isOver = false
    }

    /// The folder of its socket: what a URL names as host.
    package let host: String
    private let server: String
    private let listener: Int32
    private let state = Mutex(State())

    package init(to server: PostgreSQLServer) throws {
        let name = "/.s.PGSQL.\(PostgreSQLServer.port)"
        self.server = server.socketFolder + name
        host = try TestFolder.make()
        listener = try UnixSocket.listen(host + name)
        Thread.detachNewThread { [self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    /// Ends it and its connections.
    package func close() {
        state.withLock { $0.isOver = true }
        shutdown(listener, Int32(SHUT_RDWR))
        TestFolder.remove(host)
    }

    package func set(_ mode: Mode) {
        state.withLock { state in
            state.mode = mode
            (state.requests, state.answers) = (0, 0)
        }
    }

    /// Bytes of answers that were passed on since the mode was set.
    package var answered: Int { state.withLock { $0.answers } }

    private func serve(_ client: Int32) {
        guard let upstream = try? UnixSocket.connect(server) else {
            Foundation.close(client)
            return
        }
        while pass(client, upstream) {}
        Foundation.close(client)
        Foundation.close(upstream)
    }

    /// One turn; false: the connection is over.
    private func pass(_ client: Int32, _ upstream: Int32) -> Bool {
        let (mode, isOver) = state.withLock { ($0.mode, $0.isOver) }
        if isOver { return false }
        if mode == .hold {
            usleep(2000)
            return true
        }
        var entries = [client, upstream].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&entries, 2, 5) > 0 else { return true }
        // It may have changed during the wait.
        let now = state.withLock { $0.mode }
        if now == .hold { return true }
        if entries[0].revents != 0, !forward(client, upstream, isAnswer: false, now) { return false }
        if entries[1].revents != 0, !forward(upstream, client, isAnswer: true, now) { return false }
        return true
    }

    private func forward(_ from: Int32, _ to: Int32, isAnswer: Bool, _ mode: Mode) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(from, &bytes, bytes.count, 0)
        guard count > 0 else { return false }
        if mode == .drop { return true }
        if case .delay(let milliseconds) = mode { usleep(milliseconds * 1000) }
        let allowed = state.withLock { state in
            let passed = isAnswer ? state.answers : state.requests
            var allowed = count
            switch mode {
            case .cutAnswer(let limit) where isAnswer: allowed = min(count, max(0, limit - passed))
            case .cutRequest(let limit) where !isAnswer: allowed = min(count, max(0, limit - passed))
            default: break
            }
            if isAnswer { state.answers += allowed } else { state.requests += allowed }
            return allowed
        }
        return UnixSocket.send(bytes[..<allowed], to: to) && allowed == count
    }
}
