import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The exclusive lock beside the queue's file: leases and claims live in the memory of one process, so there may be only one.
/// The kernel frees it when the process ends, however it ends.
final class FileLock: Sendable {
    /// `nil`: given back.
    private let descriptor: Mutex<Int32?>

    /// - Throws: `QueueError.unusable` where another process holds it or the file cannot be made.
    init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw QueueError.unusable("The lock file \(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            throw QueueError.unusable(
                reason == EWOULDBLOCK
                    ? "Another process uses the queue: it holds \(path). Stop it first, or set another QUEUE_URL"
                    : "The lock \(path) cannot be taken: \(String(cString: strerror(reason)))")
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { free() }

    /// Gives the lock back; somebody may hold on to the closed queue for a while longer.
    func free() {
        let held = descriptor.withLock { held in
            defer { held = nil }
            return held
        }
        if let held { close(held) }
    }
}
