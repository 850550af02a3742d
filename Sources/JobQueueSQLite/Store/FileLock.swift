import Foundation
import JobQueue
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The exclusive lock beside the queue's file, and on it: leases and claims are in the memory of one process, so only one may
/// run. The kernel releases it when the process ends, however it ends.
final class FileLock: Sendable {
    private let held = Mutex<[Int32]>([])

    /// Locks the file beside the queue's, and creates it if it is missing.
    /// - Throws: `QueueError.unusable` if another process holds it or it cannot be created.
    init(path: String) throws { try take(path, O_CREAT) }

    /// Locks the queue's file itself, which must exist: through a hard link it has another name, and another lock file beside it.
    ///
    /// SQLite's locks are of another kind (`fcntl`), which Linux keeps separate. They end when any descriptor of the file is
    /// closed, so this one must be closed last.
    /// - Throws: `QueueError.unusable` if another process holds it.
    func include(_ path: String) throws {
        #if os(Linux)
            try take(path, 0)
        #endif
    }

    private func take(_ path: String, _ flags: Int32) throws {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | flags, 0o600)
        guard descriptor >= 0 else {
            throw QueueError.unusable("its lock file cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            throw QueueError.unusable(
                reason == EWOULDBLOCK
                    ? "another process uses it: stop that one first, or set another QUEUE_URL"
                    : "its lock cannot be taken: \(String(cString: strerror(reason)))")
        }
        held.withLock { $0.append(descriptor) }
    }

    /// Lets another process in.
    func release() {
        held.withLock { descriptors in
            for descriptor in descriptors { close(descriptor) }
            descriptors = []
        }
    }

    deinit { release() }
}
