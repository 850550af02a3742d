import JobQueue
import JobQueueSQLite
import SyncEngine
import SyncModel

// What each part takes from the settings.

extension QueueLimits {
    init(_ settings: Settings) {
        self.init()
        maxPendingUsers = settings.maxPendingUsers
        minFreeDiskBytes = Int64(settings.minFreeDiskBytes)
        diskPerByte = DiskGauge.isOneDisk(settings.queue.path, settings.database.path) ? 2 : 1
    }
}

extension Janitor.Settings {
    init(_ settings: Settings) {
        self.init()
        retentionDays = Double(settings.retentionDays)
    }
}
