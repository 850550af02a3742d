import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Measures the free bytes of the disk that holds a path; injected so that tests can fill it.
package struct DiskGauge: Sendable {
    /// `nil` if the system does not report it.
    package let freeBytes: @Sendable (_ path: String) -> Int64?

    package init(freeBytes: @escaping @Sendable (String) -> Int64?) { self.freeBytes = freeBytes }

    /// What an unprivileged process may still use, from `statvfs`.
    package static let system = DiskGauge { path in
        var figures = statvfs()
        guard statvfs(path, &figures) == 0 else { return nil }
        // A network file system may report any figures.
        let (bytes, overflows) = UInt64(figures.f_bavail).multipliedReportingOverflow(by: UInt64(figures.f_frsize))
        return overflows ? .max : Int64(clamping: bytes)
    }

    /// Whether two files are, or would be created, on one disk.
    package static func isOneDisk(_ one: String, _ other: String) -> Bool {
        guard let one = device(of: one) else { return true }
        return one == device(of: other)
    }

    private static func device(of path: String) -> UInt64? {
        var path = FilePlace.resolved(path)
        var figures = stat()
        while stat(path, &figures) != 0 {
            let parent = (path as NSString).deletingLastPathComponent
            guard parent != path, !parent.isEmpty else { return nil }
            path = parent
        }
        return UInt64(figures.st_dev)
    }

    /// Bytes of a file; 0 if there is none.
    static func size(of path: String) -> Int64 {
        var figures = stat()
        return stat(path, &figures) == 0 ? Int64(figures.st_size) : 0
    }
}
