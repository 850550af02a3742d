import JobQueue
import JobQueueSQLite
import Settings
import UserDirectory
import UserDirectorySQLite

/// The drivers that the settings choose. No other part of the server knows which they are.
extension AssemblySteps {
    /// One file under two names must be found before the queue's tables are created in it.
    func expectTwoFiles() throws {
        guard FilePlace.isSame(settings.queue.path, settings.database.path) else { return }
        throw StartFailure(
            "QUEUE_URL and DATABASE_URL name one file, \(FilePlace.resolved(settings.queue.path)): each needs one of its own",
            isMisconfigured: true)
    }

    func openQueue() async throws -> any JobQueue {
        do {
            return try await SQLiteJobQueue.open(
                path: settings.queue.path, limits: QueueLimits(settings), clock: clock, warn: warn)
        } catch QueueError.foreign(let text) {
            throw StartFailure("the queue cannot be used: \(text)", isMisconfigured: true)
        } catch QueueError.unusable(let text), QueueError.unavailable(let text) {
            throw StartFailure("the queue cannot be used: \(text)")
        }
    }

    /// The directory, not opened yet.
    func directory() -> any UserDirectory {
        SQLiteUserDirectory(
            path: settings.database.path, emailScope: settings.emailScope, clock: clock,
            options: .init(retentionDays: Double(settings.retentionDays)), warn: warn)
    }
}

extension QueueLimits {
    fileprivate init(_ settings: Settings) {
        self.init()
        maxPendingUsers = settings.maxPendingUsers
        webhookOrder = settings.webhookOrder
        minFreeDiskBytes = Int64(settings.minFreeDiskBytes)
        diskPerByte = DiskGauge.isOneDisk(settings.queue.path, settings.database.path) ? 2 : 1
    }
}
