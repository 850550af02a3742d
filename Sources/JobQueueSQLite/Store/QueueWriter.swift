import GRDB
import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// The only way to write: operations that wait together share one transaction and one fsync (group commit).
///
/// While a commit is written to disk the next group gathers, so nothing is delayed on purpose. An operation that throws is rolled
/// back by itself. If the commit fails, the whole group gets `QueueError.unavailable`. An operation may be performed more than
/// once: it must change nothing but the database, or say by `WriteContext.onRollback` how to undo the change. Cancelling the
/// caller changes nothing: what was submitted is carried out and answered.
final class QueueWriter: Sendable {
    /// Called once per group, with its outcome.
    typealias Report = @Sendable (GroupOutcome) -> Void

    private let pool: DatabasePool
    private let line = Mutex(WriteLine())
    private let totals: Mutex<QueueCounters>
    private let log: WriteAheadLog
    private let place: OpenFilePlace
    private let threads: QueueThreads
    private let report: Report
    private let isTight: @Sendable () -> Bool

    /// Milliseconds for which a group waits for another process's lock (a backup, a tool).
    private let patience: Int32

    /// - Parameter isTight: whether the disk is: the log's file is then kept short.
    init(
        pool: DatabasePool, totals: QueueCounters, log: WriteAheadLog, patience: Int32, place: OpenFilePlace,
        threads: QueueThreads, isTight: @escaping @Sendable () -> Bool, report: @escaping Report
    ) {
        self.isTight = isTight
        self.patience = patience
        self.pool = pool
        self.place = place
        self.totals = Mutex(totals)
        self.log = log
        self.threads = threads
        self.report = report
    }

    /// The figures kept, as of the last commit.
    var currentTotals: QueueCounters { totals.withLock { $0 } }

    /// Groups committed so far.
    var commits: Int { line.withLock { $0.commits } }

    /// Operations waiting for the current group.
    var waiting: Int { line.withLock { $0.waiting.count } }

    /// Runs `body` in a transaction shared with other waiting writes; returns once it is on disk.
    /// - Throws: what `body` throws, or `QueueError.unavailable`.
    /// - Parameter isShort: whether it takes about as long as its sync to disk. If no other write is being served, the caller's
    ///   own thread then runs it, which saves two thread hops.
    func write<T: Sendable>(
        isShort: Bool = false, _ body: @escaping @Sendable (WriteContext) throws -> T
    ) async throws -> T {
        try await submit(alone: false, short: isShort, body)
    }

    /// Runs `body` on the writer's connection by itself, outside a transaction.
    func alone<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await submit(alone: true, short: false) { try body($0.db) }
    }

    /// Refuses all further operations; returns when earlier ones are done.
    func close() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            enqueue(
                WaitingWrite(perform: { _ in { done.resume() } }, fail: { _ in done.resume() }, isAlone: true), closing: true)
        }
    }

    private func submit<T: Sendable>(
        alone: Bool, short: Bool, _ body: @escaping @Sendable (WriteContext) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(
                WaitingWrite(
                    perform: { context in
                        let value = try body(context)
                        return { continuation.resume(returning: value) }
                    },
                    fail: { continuation.resume(throwing: $0) },
                    isAlone: alone, isShort: short),
                closing: false)
        }
    }

    private func enqueue(_ operation: WaitingWrite, closing: Bool) {
        guard let starts = line.withLock({ $0.append(operation, closing: closing) }) else {
            return operation.fail(QueueError.unavailable("The queue is closed"))
        }
        guard starts else { return }
        if operation.isShort, threads.callerMayServe {
            pool.writeWithoutTransaction { db in serveOnce(db) }
        } else {
            drainElsewhere()
        }
    }

    private func drainElsewhere() { threads.serve(pool) { db in self.drain(db) } }

    /// Carries out one group on the calling thread. Operations that arrived meanwhile, and a checkpoint, are left to another
    /// thread; so is everything while another process holds a lock, as waiting for it would block a thread that tasks need.
    private func serveOnce(_ db: Database) {
        do { try begin(db, patience: 0) } catch { return drainElsewhere() }
        guard serveNext(db, hasBegun: true) else { return }
        let isDone = !isCheckpointDue && line.withLock { $0.endIfEmpty() }
        if !isDone { drainElsewhere() }
    }

    /// Runs on the writer's connection until no operation waits.
    private func drain(_ db: Database) {
        repeat {
            if isLogTooLong {
                log.checkpoint(db, truncating: true)
            } else if log.isCheckpointDue {
                log.checkpoint(db, truncating: false)
            }
        } while serveNext(db)
    }

    private var isCheckpointDue: Bool { log.isCheckpointDue || isLogTooLong }

    private var isLogTooLong: Bool { log.pages > Int(DiskMargins.tightLogBytes / 4096) && isTight() }

    /// Carries out the next group; false if no operation waits.
    /// - Parameter hasBegun: whether a transaction was begun for it.
    private func serveNext(_ db: Database, hasBegun: Bool = false) -> Bool {
        let group = line.withLock { $0.nextGroup() }
        if hasBegun, group?[0].isAlone ?? true { rollBack([], db) }
        guard let group else { return false }
        if group[0].isAlone { runAlone(group[0], db) } else { run(group, db, hasBegun: hasBegun) }
        return true
    }

    /// Begins a transaction that writes.
    private func begin(_ db: Database, patience: Int32) throws {
        db.setBusyTimeout(patience)
        defer { db.setBusyTimeout(0) }
        if db.isInsideTransaction { try db.sql("ROLLBACK").run() }
        try db.sql("BEGIN IMMEDIATE").run()
    }

    private func runAlone(_ operation: WaitingWrite, _ db: Database) {
        do { try operation.perform(WriteContext(db: db))() } catch { operation.fail(QueueError(error)) }
    }

    /// The state of an operation of a group.
    private enum Progress {
        case waiting
        case done(WriteContext, answer: @Sendable () -> Void)
        case refused(any Error)
    }

    private func run(_ group: [WaitingWrite], _ db: Database, hasBegun: Bool) {
        var progress = Array(repeating: Progress.waiting, count: group.count)
        let writesBefore = log.writes
        do {
            if !hasBegun { try begin(db, patience: patience) }
            try place.check(db)
            // Savepoints cost a copy of every page that an operation touches, and operations hardly ever fail: only a group with
            // a failure is run again with them.
            if try !perform(group, db, &progress, savepoints: false) {
                progress = Array(repeating: .waiting, count: group.count)
                try begin(db, patience: patience)
                _ = try perform(group, db, &progress, savepoints: true)
            }
            let contexts = progress.compactMap { if case .done(let context, _) = $0 { context } else { nil } }
            if contexts.isEmpty {
                try db.sql("ROLLBACK").run()
            } else {
                try CounterRows.write(contexts, after: currentTotals, db)
                try db.sql("COMMIT").run()
                line.withLock { $0.commits += 1 }
                let changes = contexts.reduce(into: QueueCounters()) { $0 += $1.totals }
                totals.withLock { $0 = $0.after(changes) }
                for context in contexts { context.committed() }
                do {
                    try place.check(db)
                    // A commit that changes nothing does not touch the disk: it shows that no lock is held, not that there is
                    // room.
                    report(log.writes == writesBefore ? .unchanged : .written)
                } catch {
                    // It is in a file that will never be found: do not acknowledge it.
                    progress = progress.map { if case .done = $0 { .refused(error) } else { $0 } }
                    if let failure = SQLiteFailure(error) { report(.failed(failure)) }
                }
            }
        } catch {
            rollBack(progress, db)
            progress = progress.map { if case .refused = $0 { $0 } else { .refused(error) } }
            if let failure = SQLiteFailure(error) { report(.failed(failure)) }
        }
        for (operation, outcome) in zip(group, progress) {
            switch outcome {
            case .waiting: break
            case .done(_, let answer): answer()
            case .refused(let error): operation.fail(QueueError(error))
            }
        }
    }

    /// Carries out every operation of a group in the current transaction; throws if the transaction as a whole is lost.
    /// - Parameter savepoints: whether an operation that fails is rolled back by itself.
    /// - Returns: false if one of several failed without savepoints: everything is rolled back, and may be performed again.
    private func perform(
        _ group: [WaitingWrite], _ db: Database, _ progress: inout [Progress], savepoints: Bool
    ) throws -> Bool {
        for (i, operation) in group.enumerated() {
            let context = WriteContext(db: db)
            if savepoints { try db.sql("SAVEPOINT operation").run() }
            do {
                progress[i] = .done(context, answer: try operation.perform(context))
            } catch {
                context.rolledBack()
                progress[i] = .refused(QueueError(ofOperation: error))
                if let failure = SQLiteFailure(error), failure.isOfStorage { report(.failed(failure)) }
                // SQLite rolled back the whole transaction: nothing of the group is kept.
                if !db.isInsideTransaction { throw error }
                if savepoints {
                    try db.sql("ROLLBACK TO operation").run()
                } else if group.count > 1 {
                    rollBack(progress, db)
                    return false
                }
            }
            if savepoints { try db.sql("RELEASE operation").run() }
        }
        return true
    }

    private func rollBack(_ progress: [Progress], _ db: Database) {
        if db.isInsideTransaction { try? db.sql("ROLLBACK").run() }
        for case .done(let context, _) in progress.reversed() { context.rolledBack() }
    }
}
