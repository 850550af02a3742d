import Dispatch

#if canImport(Glibc)
    import Glibc
#endif

/// Gives memory that a crowd of connections has freed back to the system. glibc keeps what lies below anything still in use, and
/// a thousand connections leave a little everywhere.
struct MemoryReturn: Sendable {
    private static let queue = DispatchQueue(label: "usersync.memory", qos: .utility)

    /// Off the event loops: it takes some milliseconds per hundred megabytes.
    func giveBack() {
        #if canImport(Glibc)
            // Again a moment later: the last of the crowd are still being torn down while the first call runs.
            for delay in [0, 2] { MemoryReturn.queue.asyncAfter(deadline: .now() + .seconds(delay)) { MemoryReturn.trim() } }
        #endif
    }

    #if canImport(Glibc)
        /// `malloc_trim(0)`, which Swift's Glibc module does not export.
        private static func trim() {
            guard let symbol = dlsym(nil, "malloc_trim") else { return }
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
        }
    #endif
}
