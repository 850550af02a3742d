#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Waits for a socket and for whoever wakes the waiting, on the thread that calls it.
enum SocketWait {
    enum End: Equatable {
        /// What the socket is ready for, of `POLLIN` and `POLLOUT`. Whatever is wrong with it shows when it is read.
        case ready(Int16)
        case woken
        case deadline
    }

    static let readable = Int16(POLLIN)
    static let writable = Int16(POLLOUT)

    /// - Parameters:
    ///   - socket: negative: none; only a wake or the deadline ends the wait.
    ///   - pipe: `nil`: nobody wakes it.
    ///   - deadline: in the past: looks without waiting.
    static func wait(for events: Int16, of socket: Int32, or pipe: WakePipe?, until deadline: ContinuousClock.Instant) -> End {
        // poll passes over negative descriptors.
        var entries = [
            pollfd(fd: socket, events: events, revents: 0), pollfd(fd: pipe?.reader ?? -1, events: readable, revents: 0),
        ]
        while true {
            let ready = poll(&entries, 2, milliseconds(until: deadline))
            if ready > 0 {
                if entries[0].revents != 0 {
                    let found = entries[0].revents & events
                    return .ready(found == 0 ? readable : found)
                }
                pipe?.drain()
                return .woken
            }
            if ready < 0, errno != EINTR { return .ready(readable) }
            if ContinuousClock.now >= deadline { return .deadline }
        }
    }

    /// Rounded up, so that nothing spins at the end; an hour at most, as the wait goes on anyway.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = ContinuousClock.now.duration(to: deadline)
        if left <= .zero { return 0 }
        if left > .seconds(3600) { return 3_600_000 }
        return Int32(left.components.seconds * 1000 + (left.components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
