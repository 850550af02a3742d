import Dispatch

#if canImport(Glibc)
    import Glibc
#endif

/// Gives memory that a crowd of connections left free back to the system. glibc keeps what lies under anything that is still in use,
/// and a thousand connections leave a little everywhere.
struct MemoryReturn: Sendable {
    private static let queue = DispatchQueue(label: "usersync.memory", qos: .utility)

    /// Beside the work: it takes some milliseconds for each hundred megabytes.
    func giveBack() {
        #if canImport(Glibc)
            // Once more a moment later: the last of the crowd are being taken apart while the first call runs.
            for delay in [0, 2] { MemoryReturn.queue.asyncAfter(deadline: .now() + .seconds(delay)) { MemoryReturn.trim() } }
        #endif
    }

    #if canImport(Glibc)
        /// `malloc_trim(0)`, which Swift's module of glibc leaves out.
        private static func trim() {
            guard let symbol = dlsym(nil, "malloc_trim") else { return }
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
        }
    #endif
}
