import Foundation
import GRDB
package import JobQueue
import SQLiteSupport
import Synchronization
package import SyncModel

/// A queue's file, checked and ready, with what is read from it at start.
struct OpenedStore {
    var path: String
    var lock: FileLock
    var pool: DatabasePool
    /// Reads on the calling thread, and is never held longer than a read.
    var reader: DatabaseQueue
    var log: WriteAheadLog
    var totals: QueueCounters
    /// Bytes of the users that are pending.
    let pendingBytes: Int64
    var tenants: TenantQueue
    var merging: Set<TenantID>
    var lastNumber: Int64
    var lastAcceptance: Timestamp
    var place: OpenFilePlace
    var reserve: DiskReserve
    /// Milliseconds for which a write waits for another process's lock.
    var patience: Int32 = 1000

    /// - Parameters:
    ///   - now: what an upgrade of the file counts from.
    ///   - minFreeBytes: of the disk; measures the reserve.
    ///   - logPages: in the log (4 KiB each), beyond which a commit is followed by a checkpoint: 16 MiB. Everybody waits for it, measured
    ///     beside an upload: 180 ms with 250 MiB, 10 to 45 ms with this; a million users take no longer.
    init(path: String, now: Timestamp, minFreeBytes: Int64 = 0, logPages: Int = 4_000, warn: (String) -> Void) throws {
        // By its real path: under two names, two processes would work on one queue.
        let path = FilePlace.resolved(path)
        self.path = path
        place = OpenFilePlace(path: path)
        reserve = DiskReserve(path: path, minFreeBytes: minFreeBytes)
        try Self.expectFile(path)
        lock = try FileLock(path: path + ".lock")
        try Self.restrictAccess(path, warn: warn)
        try lock.include(path)
        var configuration = Configuration()
        configuration.label = "queue"
        configuration.foreignKeysEnabled = false
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(1)
        // If a transaction cannot be ended, the next one ends it: GRDB would end the process.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            try db.execute(sql: "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        let log = WriteAheadLog(limit: logPages)
        self.log = log
        (totals, pendingBytes, tenants, merging, lastNumber, lastAcceptance) = try pool.writeWithoutTransaction { db in
            try Self.checkOwner(db, now: now)
            try Self.setPragmas(db)
            log.attach(to: db)
            // How long the writer waits is set for each transaction.
            db.setBusyTimeout(0)
            let lastNumber = try TenantQueueLoader.lastNumber(db)
            guard (0..<BatchName.lastKey).contains(lastNumber) else {
                throw QueueError.unusable("it is damaged: the last number of a job in it is \(lastNumber)")
            }
            // On a full disk the queue starts all the same.
            try? DeliveryNumbers.mend(db, warn: warn)
            let lastAcceptance = try TenantQueueLoader.lastAcceptance(db)
            let (tenants, merging) = (try TenantQueueLoader.load(db), try MergeRow.tenants(db))
            let totals = try CounterRows.readSound(db, lastNumber: lastNumber, warn: warn)
            return (totals, PendingBytes.read(db, of: totals.pendingUsers), tenants, merging, lastNumber, lastAcceptance)
        }
        configuration.readonly = true
        reader = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Anything but a regular file, such as a folder, is left alone.
    static func expectFile(_ path: String) throws {
        guard !DatabaseFile.isOtherThanFile(path) else {
            throw QueueError.foreign(
                "it is a folder, a pipe or a device: QUEUE_URL has to name a file, or where one is to be made")
        }
    }

    /// The file, and with it the log and its index, are accessible only to their owner.
    private static func restrictAccess(_ path: String, warn: (String) -> Void) throws {
        if let reason = DatabaseFile.make(path) { throw QueueError.unusable("it cannot be made: \(reason)") }
        let manager = FileManager.default
        let mode = try (manager.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue ?? 0o600
        if mode & 0o077 != 0 {
            warn("The queue's file could be read by others (mode \(String(mode, radix: 8))); set to 600")
            try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
    }

    /// Creates the tables in an empty file; refuses a file of another program; upgrades one of an earlier version.
    private static func checkOwner(_ db: Database, now: Timestamp) throws {
        guard let connection = db.sqliteConnection else { throw QueueError.unusable("it is closed") }
        switch try FileOwner(connection) {
        case .queue: return
        case .other(let reason): throw QueueError.foreign(reason)
        case .nobody:
            try db.inTransaction(.immediate) {
                try Schema.create(db)
                return .commit
            }
        case .earlierQueue(let version):
            try db.inTransaction(.immediate) {
                try Schema.upgrade(db, from: version, now: now)
                return .commit
            }
        }
    }

    /// Sets what makes a commit durable and deleted data unreadable, and reads it back: GRDB sets `synchronous` itself after
    /// `prepareDatabase`, and whether SQLite overwrites what it deletes otherwise depends on how the library was built.
    private static func setPragmas(_ db: Database) throws {
        do {
            try Pragma("synchronous", "FULL", reads: "2").set(db)
            try Pragma("wal_autocheckpoint", "0", reads: "0").set(db)
            try Pragma("secure_delete", "ON", reads: "1").set(db)
            try Pragma("journal_mode", "WAL", reads: "wal").check(db)
            try Pragma("auto_vacuum", "INCREMENTAL", reads: "2").check(db)
        } catch let error as Pragma.Refused {
            let (name, needed) = (error.pragma.name, error.pragma.reads)
            throw QueueError.unusable("SQLite says \(name) is \(error.found ?? "nothing"); the queue needs \(needed)")
        }
    }
}

extension SQLiteJobQueue {
    /// Opens or creates the queue's file; its directory must exist. Sweeps uploads that a crash interrupted.
    ///
    /// - Parameters:
    ///   - disk: measures the free space of the disk.
    ///   - warn: receives sentences for the log.
    /// - Throws: `QueueError.foreign` if the file is not a queue's, `QueueError.unusable` if it cannot be used otherwise: another
    ///   process holds it, or SQLite refuses its settings. The sentence says it of the file without the path, a setting's value.
    package static func open(
        path: String, limits: QueueLimits = QueueLimits(), clock: WallClock, disk: DiskGauge = .system,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> SQLiteJobQueue {
        try await open(path: path, limits: limits, clock: clock, disk: disk, threads: .system, warn: warn)
    }

    static func open(
        path: String, limits: QueueLimits, clock: WallClock, disk: DiskGauge, threads: QueueThreads,
        warn: @escaping @Sendable (String) -> Void
    ) async throws -> SQLiteJobQueue {
        let store = try openedStore(path: path, limits: limits, now: clock.now(), disk: disk, warn: warn)
        if store.lastAcceptance.isAhead(of: clock.now()) {
            warn(
                "The newest job was accepted at \(store.lastAcceptance.iso8601), which is ahead of the clock: the clock was set back, or was"
                    + " wrong then. Until it has passed that time, jobs are accepted at times just after it")
        }
        let queue = SQLiteJobQueue(store, limits: limits, clock: clock, disk: disk, threads: threads, say: warn)
        // Whether or not they can be deleted now: maintenance tries again.
        let leftovers = try await queue.leftovers()
        await queue.sweepOrOwe(leftovers)
        let owed = queue.owed.withLock { $0.count }
        if leftovers.count > owed {
            warn("Swept \(leftovers.count - owed) unfinished uploads or deletions that the last stop left behind")
        }
        if owed > 0 { warn("\(owed) unfinished uploads or deletions cannot be swept yet; that is tried again") }
        _ = await queue.makeRoom()
        if let error = await queue.settleDeliveries() {
            warn("The webhooks that wait are not in the order that WEBHOOK_ORDER says yet; that is tried again: \(error)")
        }
        return queue
    }

    /// Opens the file; on a full disk, in the room of the reserve.
    private static func openedStore(
        path: String, limits: QueueLimits, now: Timestamp, disk: DiskGauge, warn: (String) -> Void
    ) throws -> OpenedStore {
        let reserve = DiskReserve(path: FilePlace.resolved(path), minFreeBytes: limits.minFreeDiskBytes)
        if let free = disk.freeBytes(path), free < reserve.bytes { reserve.release() }
        do {
            do {
                return try OpenedStore(path: path, now: now, minFreeBytes: limits.minFreeDiskBytes, warn: warn)
            } catch  where SQLiteFailure(error)?.isOfStorage == true && reserve.release() {
                return try OpenedStore(path: path, now: now, minFreeBytes: limits.minFreeDiskBytes, warn: warn)
            }
        } catch let error as QueueError {
            throw error
        } catch {
            // Of an error that is neither ours nor SQLite's only the kind is told: its text may quote the path.
            let reason = SQLiteFailure(error)?.message ?? "\(type(of: error))"
            throw QueueError.unusable("it cannot be opened: \(reason)")
        }
    }
}
