#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The three streams that a process is started with.
package enum StandardStreams {
    /// Makes writing to a stream that is closed an error of that write. Once per process, before anything is opened.
    package static func prepare() {
        // A pipe that nobody reads would end the process, and what it has made would stay.
        signal(SIGPIPE, SIG_IGN)
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
            // Or the next file or connection takes its number, and gets what is written to the stream. Opened the wrong way round,
            // it can be neither read nor written, as before.
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}
