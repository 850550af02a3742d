import CLibPQ
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Asks a server to give up what a connection is doing. libpq does that on a second connection and blocks for as long as the network
/// lets it, so it runs on a queue of its own.
final class CancelRequest: Sendable {
    private let done = Atomic(false)

    /// The request has reached the server, or will not: the next statement cannot be hit by it.
    var isDone: Bool { done.load(ordering: .acquiring) }

    /// Requests under way in the process; each blocks a thread, for two minutes where packets vanish.
    private static let running = Atomic(0)
    private static let most = 8

    /// - Parameters:
    ///   - connection: is busy.
    ///   - pipe: is woken once the request is done.
    /// - Returns: `nil` if too many are under way, or libpq has no means: the connection has to be closed.
    static func send(for connection: OpaquePointer, waking pipe: WakePipe) -> CancelRequest? {
        guard running.wrappingAdd(1, ordering: .relaxed).newValue <= most, let ask = question(for: connection) else {
            running.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        let request = CancelRequest()
        DispatchQueue(label: "usersync.postgresql.cancel").async {
            ask()
            running.wrappingSubtract(1, ordering: .relaxed)
            request.done.store(true, ordering: .releasing)
            pipe.wake()
        }
        return request
    }

    /// Takes what is needed from the connection on its own thread; the closure may run on any. Pointers cross as numbers, and nobody
    /// else has what they point to.
    private static func question(for connection: OpaquePointer) -> (@Sendable () -> Void)? {
        if let encrypted = EncryptedCancel.shared { return encrypted.question(for: connection) }
        guard let key = PQgetCancel(connection) else { return nil }
        let address = UInt(bitPattern: key)
        return {
            let key = OpaquePointer(bitPattern: address)
            var message = [CChar](repeating: 0, count: 256)
            PQcancel(key, &message, Int32(message.count))
            PQfreeCancel(key)
        }
    }
}

/// libpq 17 encrypts the request as the connection itself is. Looked up, so that one program runs with older ones too.
private struct EncryptedCancel: Sendable {
    private let create: @convention(c) (OpaquePointer?) -> OpaquePointer?
    private let blocking: @convention(c) (OpaquePointer?) -> Int32
    private let finish: @convention(c) (OpaquePointer?) -> Void

    static let shared = EncryptedCancel()

    private init?() {
        // The program itself and all that it is linked with.
        guard let program = dlopen(nil, RTLD_NOW), let create = dlsym(program, "PQcancelCreate"),
            let blocking = dlsym(program, "PQcancelBlocking"), let finish = dlsym(program, "PQcancelFinish")
        else { return nil }
        self.create = unsafeBitCast(create, to: (@convention(c) (OpaquePointer?) -> OpaquePointer?).self)
        self.blocking = unsafeBitCast(blocking, to: (@convention(c) (OpaquePointer?) -> Int32).self)
        self.finish = unsafeBitCast(finish, to: (@convention(c) (OpaquePointer?) -> Void).self)
    }

    func question(for connection: OpaquePointer) -> (@Sendable () -> Void)? {
        guard let request = create(connection) else { return nil }
        let address = UInt(bitPattern: request)
        return { [blocking, finish] in
            let request = OpaquePointer(bitPattern: address)
            _ = blocking(request)
            finish(request)
        }
    }
}
