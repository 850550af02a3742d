#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// SIGTERM and SIGINT where nothing else handles them. Without a handler, the first process of a container would ignore them.
package enum EarlyStop {
    /// From now on, until the server handles them, both end the process at once with status 0. Nothing is under way then but what
    /// one transaction undoes.
    package static func begin() {
        for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
    }

    /// From now on both end the process at once, with the status that shells give to their signal: 143 and 130. One that is ignored,
    /// as SIGINT is in a script's background, stays ignored.
    package static func beginForClient() {
        for number in [SIGTERM, SIGINT] {
            let previous = signal(number) { _exit(128 + $0) }
            if unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
        }
    }
}
