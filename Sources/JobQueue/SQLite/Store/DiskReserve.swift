import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A file beside the queue's that keeps some of the disk. Given up where the disk is full, it makes the room in which what was acknowledged
/// goes on, and in which what broken uploads left is deleted: to delete takes room too, in the log.
final class DiskReserve: Sendable {
    let bytes: Int64
    private let path: String

    /// - Parameter minFreeBytes: of the disk; a quarter of it is kept, from 1 to 16 MiB.
    init(path: String, minFreeBytes: Int64) {
        self.path = path + "-reserve"
        bytes = max(1 << 20, min(minFreeBytes / 4, 16 << 20))
    }

    /// Gives it up. False where there was none.
    @discardableResult
    func release() -> Bool { unlink(path) == 0 }

    /// Takes it again where it is missing. Where there is no room for it, there is none.
    func restore() {
        guard DiskGauge.size(of: path) < bytes else { return }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if posix_fallocate(descriptor, 0, off_t(bytes)) != 0 { release() }
    }
}
