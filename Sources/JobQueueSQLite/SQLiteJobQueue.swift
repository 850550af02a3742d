import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

/// The durable queue in one SQLite file.
///
/// One connection writes, through `QueueWriter`, which lets concurrent callers share a commit; others read. What may be leased is
/// in memory (`TenantQueue`), as are claims of idempotency keys and the figures for `admission()`: only one process uses the file.
package final class SQLiteJobQueue: JobQueue {
    let path: String
    let limits: QueueLimits
    /// The machine's.
    package let clock: WallClock
    let writer: QueueWriter
    let pool: DatabasePool
    let reader: DatabaseQueue
    let gate: AdmissionGate
    private let lock: FileLock
    private let log: WriteAheadLog
    private let threads: QueueThreads
    private let tenantQueue: Mutex<TenantQueue>
    private let observers = Mutex<[QueueObserver]>([])
    private let ready = Atomic<Int>(0)
    /// The last number used as `jobs.seq` or batch key.
    private let lastNumber: Atomic<Int64>
    /// The latest acceptance, in microseconds; one that was rolled back counts too.
    private let lastAcceptance: Atomic<Int64>
    let claims = Mutex(ClaimedKeys())
    let deliveryLeases = Mutex(DeliveryLeases())
    /// Held while deliveries are read and leased.
    let deliveryLeasing = Mutex(())
    let windows = Mutex(ResultsWindows())
    /// Jobs whose results are being read, with the number of readers: they are not pruned meanwhile.
    let readers = Mutex<[JobID: Int]>([:])
    let looks = Mutex(TenantLooks())
    let deliveryLooks = Mutex(DeliveryLooks())
    private let repaired = Atomic<Int>(0)
    /// For open jobs of more than one batch that this process accepted.
    let carriedIDs = Mutex<[JobID: CarriedIDs]>([:])
    /// The most jobs whose ids are kept: each takes 128 KiB or more, and they wait as long as the directory is away. For other
    /// jobs the ids are missing, as after a restart: a user that matches another person's row then waits for the last pass.
    static let mostCarriedIDs = 512

    /// Tenants whose merge holds what is accepted for them. Changed by the writer only.
    let merging: Mutex<Set<TenantID>>

    /// Whether pending deliveries are as this process's settings have them.
    let areDeliveriesSettled = Atomic<Bool>(false)

    /// What could not be deleted yet, by batch key.
    let owed = Mutex<[Int64]>([])

    /// - Parameter say: called on each change of whether the queue can be written and has room.
    init(
        _ parts: OpenedStore, limits: QueueLimits, clock: WallClock, disk: DiskGauge,
        threads: QueueThreads = .system, say: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        path = parts.path
        pool = parts.pool
        reader = parts.reader
        lock = parts.lock
        log = parts.log
        self.threads = threads
        self.limits = limits
        self.clock = clock
        tenantQueue = Mutex(parts.tenants)
        merging = Mutex(parts.merging)
        lastNumber = Atomic(parts.lastNumber)
        lastAcceptance = Atomic(parts.lastAcceptance.microseconds)
        let gate = AdmissionGate(
            path: parts.path, limits: limits, clock: clock, disk: disk, reserve: parts.reserve, say: say)
        self.gate = gate
        gate.pend(parts.pendingBytes)
        writer = QueueWriter(
            pool: parts.pool, totals: parts.totals, log: parts.log, patience: parts.patience, place: parts.place,
            threads: threads, isTight: { gate.isTight }, report: { gate.committed($0) })
        ready.store(parts.tenants.readyCount, ordering: .relaxed)
    }

    /// Signals come from this process, and none is lost; but a look may fail.
    package var lookInterval: Double { 5 }

    package func observe(_ observer: QueueObserver) { observers.withLock { $0.append(observer) } }

    func notify(_ tell: (QueueObserver) -> Void) {
        for observer in observers.withLock({ $0 }) { tell(observer) }
    }

    /// Reads or changes the tenant queue, and notifies the observers of the tenants that became ready.
    func tenantQueue<T: Sendable>(_ body: (inout sending TenantQueue) -> T) -> T {
        let (value, announced, impossible) = tenantQueue.withLock { tenants in
            let value = body(&tenants)
            ready.store(tenants.readyCount, ordering: .relaxed)
            return (value, tenants.takeAnnounced(), tenants.takeImpossible())
        }
        for tenantID in announced { notify { $0.batchReady(tenantID) } }
        for transition in impossible { report(transition) }
        return value
    }

    /// Reports a refused transition to the observers; from inside a transaction possibly more than once.
    func report(_ transition: ImpossibleTransition) { notify { $0.impossible(transition) } }

    package var readyCount: Int { ready.load(ordering: .relaxed) }

    /// Faults of the tenant queue corrected so far.
    package var repairs: Int { repaired.load(ordering: .relaxed) }

    func countRepairs(_ count: Int) { repaired.add(count, ordering: .relaxed) }

    func nextNumber() -> Int64 { lastNumber.add(1, ordering: .relaxed).newValue }

    /// The time of the next acceptance; called in its transaction, so that the order is that of the commits.
    ///
    /// However far the clock was once ahead, it goes on from there. A batch is not held to a time that is still far ahead of the clock.
    /// But a job may wait until the clock is near it, and would then count as older news if its own time were earlier.
    func nextAcceptance(at now: Timestamp) -> Timestamp {
        let last = lastAcceptance.load(ordering: .relaxed)
        let next = max(now.microseconds, last.saturatingAdd(1))
        lastAcceptance.store(next, ordering: .relaxed)
        return Timestamp(microseconds: next)
    }

    /// Reads on a separate connection, from one consistent state.
    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return threads.readsWhereCalled ? try readHere(body) : try await pool.read(body)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw QueueError(error)
        }
    }

    private func readHere<T>(_ body: (Database) throws -> T) throws -> T { try pool.read(body) }

    /// Reads synchronously on the calling thread. For point lookups on the hot path; an `async` read costs four thread hops.
    ///
    /// Never uses a connection of the pool: those are given back by tasks, and waiting for one here would block a thread that
    /// tasks need.
    func readNow<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try reader.unsafeRead { db in
                guard let connection = db.sqliteConnection else { throw QueueError.unavailable("The queue is closed") }
                // End a transaction that an earlier read could not: otherwise everyone would read that state for ever, or
                // nothing.
                Transaction.rollback(on: connection)
                return try Transaction.reading(on: connection) { try body(db) }
            }
        } catch {
            throw QueueError(error)
        }
    }

    // MARK: Keeping house

    package func discardAbandonedUploads(before: Timestamp) async throws -> Int { 0 }

    package func checkpoint() async {
        // Waiting writes go first; the writer has its own limit for a log that grows meanwhile.
        for _ in 0..<Self.vacuumSteps where writer.waiting == 0 {
            guard await vacuum(keeping: Self.keptFreePages) else { break }
        }
        guard writer.waiting == 0, log.pages > 0 else { return }
        await emptyLog()
    }

    package func makeRoom() async -> Bool {
        let leftovers = owed.withLock { owed in
            defer { owed = [] }
            return owed
        }
        await sweepOrOwe(leftovers)
        let isTight = gate.isTight
        if isTight {
            if DiskGauge.size(of: path + "-wal") > 0 { await emptyLog() }
            var isAnyLeft = true
            // Each step goes through the log, which must not take what the file gives back.
            for _ in 0..<Self.vacuumSteps where isAnyLeft {
                isAnyLeft = await vacuum(keeping: 0)
                await emptyLog()
            }
        }
        gate.restoreReserve()
        if !gate.isWritable { try? await tryToWrite() }
        _ = await settleDeliveries()
        return isTight
    }

    /// Gives some free pages back to the disk. False if no more than `kept` are left, or it cannot be done.
    private func vacuum(keeping kept: Int) async -> Bool {
        let freed = try? await writer.alone { db in
            let free = try db.sql("PRAGMA freelist_count").first { $0.int(0) } ?? 0
            guard free > kept else { return false }
            try db.sql("PRAGMA incremental_vacuum(512)").run()
            return true
        }
        return freed == true
    }

    /// Writes the log back and returns its file's space to the disk.
    func emptyLog() async {
        try? await writer.alone { [log] db in log.checkpoint(db, truncating: true) }
    }

    /// Changes nothing but still writes a page. (SQLite writes none if a row is updated to its present value.)
    private func tryToWrite() async throws {
        try await writer.write { context in
            try OrphanRow.mark(0, .everything, context.db)
            try OrphanRow.remove(0, context.db)
        }
    }

    /// The most steps of 512 pages that one checkpoint gives back: 64 MiB.
    private static let vacuumSteps = 32
    /// Free pages kept for the next batches instead of being given back: 4 MiB.
    private static let keptFreePages = 1024

    /// Writes what was submitted, closes the file and releases it for another process. Further calls throw
    /// `QueueError.unavailable`.
    package func close() async {
        try? await writer.alone { [log] db in
            log.checkpoint(db, truncating: true)
            log.detach(from: db)
        }
        await writer.close()
        // Fails only if closed before. The last connection to close empties the log, which a read-only one cannot.
        try? reader.close()
        try? pool.close()
        lock.release()
    }
}
