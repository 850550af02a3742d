#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// SIGTERM and SIGINT before the server runs.
package enum EarlyStop {
    /// From now on, until the server handles them, both end the process at once with status 0. Nothing is under way then but what
    /// one transaction undoes. Without a handler, the first process of a container would ignore them.
    package static func begin() {
        for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
    }
}
