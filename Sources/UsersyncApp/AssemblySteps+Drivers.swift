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
        throw StartFailure("QUEUE_URL and DATABASE_URL name one file: each needs one of its own", isMisconfigured: true)
    }

    func openQueue() async throws -> any JobQueue {
        do {
            return try await SQLiteJobQueue.open(
                path: settings.queue.path, limits: QueueLimits(settings), clock: clock, warn: warn)
        } catch let error as QueueError {
            var isMisconfigured = false
            if case .foreign = error { isMisconfigured = true }
            throw StartFailure("the queue's file (QUEUE_URL) cannot be used: \(error)", isMisconfigured: isMisconfigured)
        }
    }

    /// The directory, not opened yet.
    func directory() -> any UserDirectory {
        let (queue, database) = (settings.queue.path, settings.database.path)
        let minFreeBytes = Int64(settings.minFreeDiskBytes)
        var options = SQLiteUserDirectory.Options(retentionDays: Double(settings.retentionDays))
        options.disk = .init(minFreeBytes: minFreeBytes, freeBytes: { DiskGauge.system.freeBytes(database) }) {
            guard DiskGauge.isOneDisk(queue, database) else { return }
            DiskReserve(path: FilePlace.resolved(queue), minFreeBytes: minFreeBytes).release()
        }
        return SQLiteUserDirectory(
            path: database, emailScope: settings.emailScope, clock: clock, options: options, warn: warn)
    }
}

extension QueueLimits {
    fileprivate init(_ settings: Settings) {
        self.init()
        maxPendingUsers = settings.maxPendingUsers
        webhookOrder = settings.webhookOrder
        tenantAliases = settings.tenantAliases
        minFreeDiskBytes = Int64(settings.minFreeDiskBytes)
        let isOneDisk = DiskGauge.isOneDisk(settings.queue.path, settings.database.path)
        directory = DirectoryPlace(path: FilePlace.resolved(settings.database.path), isElsewhere: !isOneDisk)
    }
}
