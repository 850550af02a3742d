import Foundation
import JobQueue
import SQLiteSupport

/// Inspects a queue's file without changing it, adding files or taking its lock, for checks before and beside a running server.
package enum QueueInspection {
    package enum Finding: Sendable, Hashable {
        /// There is no file, or an empty one: the first start makes the queue.
        case absent
        /// The start will be refused, for this reason.
        case foreign(String)
        /// It cannot be read, for this reason.
        case unreadable(String)
        /// A queue's.
        case ready
    }

    /// - Parameter path: of the queue's file.
    package static func inspect(path: String) -> Finding {
        let path = FilePlace.resolved(path)
        do {
            try OpenedStore.expectFile(path)
            guard FileManager.default.fileExists(atPath: path) else { return .absent }
            return switch try DatabaseFile.inspect(path, FileOwner.init) {
            case .nobody: .absent
            case .queue, .earlierQueue: .ready
            case .other(let reason): .foreign(reason)
            }
        } catch QueueError.foreign(let reason) {
            return .foreign(reason)
        } catch {
            return .unreadable(SQLiteFailure(error)?.message ?? "\(error)")
        }
    }
}
