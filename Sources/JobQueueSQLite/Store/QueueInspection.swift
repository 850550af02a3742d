import Foundation
import GRDB
import JobQueue
import SQLiteSupport

/// Inspects a queue's file without changing it or taking its lock, for checks before and beside a running server.
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
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(1)
            let owner = try DatabaseQueue(path: path, configuration: configuration).read { try FileOwner($0) }
            return switch owner {
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
