import Foundation
import SQLiteSupport

#if canImport(Glibc)
    import Glibc
#endif

/// A file beside the queue's that occupies some of the disk. Released when the disk is full, it makes room in which acknowledged
/// work continues, and in which remains of broken uploads are deleted: deleting needs room too, in the log.
package final class DiskReserve: Sendable {
    let bytes: Int64
    private let path: String

    /// - Parameter minFreeBytes: of the disk; the reserve is a quarter of it, between 1 and 16 MiB.
    package init(path: String, minFreeBytes: Int64) {
        self.path = path + "-reserve"
        bytes = DiskMargins.floor(minFreeBytes: minFreeBytes)
    }

    /// Releases it. False if there was none.
    @discardableResult
    package func release() -> Bool { unlink(path) == 0 }

    /// Takes it again if it is missing. If there is no room for it, there is none.
    func restore() {
        guard DiskGauge.size(of: path) < bytes else { return }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if posix_fallocate(descriptor, 0, off_t(bytes)) != 0 { release() }
    }
}
