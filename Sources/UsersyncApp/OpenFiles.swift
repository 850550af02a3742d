import Foundation

/// How many files and connections the process may have open, and how many of them are for callers.
package enum OpenFiles {
    /// Beyond this, connections need an explicit setting: each costs memory, some tens of KiB at worst.
    private static let most = 20_000

    /// Raises the limit of open files as far as the process itself may.
    /// - Returns: the limit; `nil` if the system does not report it.
    package static func raise() -> Int? {
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return nil }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if raised.rlim_cur > limit.rlim_cur, setrlimit(kind, &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }

    /// Connections of callers that fit beside databases, webhook receivers and connections that are just closing.
    /// - Parameters:
    ///   - files: the limit of open files; `nil` if unknown.
    ///   - wished: `MAX_CONNECTIONS`; `nil` for as many as fit.
    package static func connections(of files: Int?, wished: Int?) -> Int {
        guard let files else { return wished ?? 1000 }
        let fit = max(16, files - min(1024, max(64, files / 8)))
        return min(fit, wished ?? most)
    }

    #if canImport(Glibc)
        private static var kind: __rlimit_resource_t { __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)) }
    #else
        private static var kind: Int32 { RLIMIT_NOFILE }
    #endif
}
