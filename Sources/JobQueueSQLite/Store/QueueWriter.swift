import GRDB
import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// The one way to write: operations that wait together share one transaction and one fsync (group commit).
///
/// While a commit is written to disk the next group gathers, so nothing is delayed on purpose. An operation that throws is rolled
/// back alone. Where the commit fails, all of the group hear `QueueError.unavailable`. An operation may be performed more than
/// once: it changes nothing but the database, or says by `WriteContext.onRollback` how to undo it.
/// A caller's cancellation changes nothing: what was handed in is carried out and answered.
final class QueueWriter: Sendable {
    /// Told of each group.
    typealias Report = @Sendable (GroupOutcome) -> Void

    private struct Operation: Sendable {
        /// Carries the operation out; answers its caller when the result is called.
        var perform: @Sendable (WriteContext) throws -> @Sendable () -> Void
        var fail: @Sendable (any Error) -> Void
        /// Runs by itself, outside of a transaction.
        var isAlone = false
        /// Takes about as long as its sync to disk.
        var isShort = false
    }

    private struct Line {
        var waiting: [Operation] = []
        var isDraining = false
        var isClosed = false
        var commits = 0
    }

    /// Operations of one commit at most; bounds how long its first member waits for its last.
    private static let groupLimit = 512

    private let pool: DatabasePool
    private let line = Mutex(Line())
    private let totals: Mutex<QueueTotals>
    private let log: WriteAheadLog
    private let place: OpenFilePlace
    private let threads: QueueThreads
    private let report: Report

    /// Milliseconds for which a group waits for a lock that another process holds (a backup, a tool).
    private let patience: Int32

    init(
        pool: DatabasePool, totals: QueueTotals, log: WriteAheadLog, patience: Int32, place: OpenFilePlace, threads: QueueThreads,
        report: @escaping Report
    ) {
        self.patience = patience
        self.pool = pool
        self.place = place
        self.totals = Mutex(totals)
        self.log = log
        self.threads = threads
        self.report = report
    }

    /// The figures kept, as of the last commit.
    var currentTotals: QueueTotals { totals.withLock { $0 } }

    /// Groups committed so far.
    var commits: Int { line.withLock { $0.commits } }

    /// Operations that wait for the group under way.
    var waiting: Int { line.withLock { $0.waiting.count } }

    /// Carries `body` out in a transaction shared with whoever waits too; returns once it is on disk.
    /// - Throws: what `body` throws, or `QueueError.unavailable`.
    /// - Parameter isShort: whether it takes about as long as its sync to disk. Where nobody else is served, the caller's own thread
    ///   carries it out then, which spares two changes of thread.
    func write<T: Sendable>(
        isShort: Bool = false, _ body: @escaping @Sendable (WriteContext) throws -> T
    ) async throws -> T {
        try await submit(alone: false, short: isShort, body)
    }

    /// Carries `body` out on the writer's connection by itself, outside of a transaction.
    func alone<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await submit(alone: true, short: false) { try body($0.db) }
    }

    /// Refuses all further operations; returns when those handed in before are done.
    func close() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            enqueue(
                Operation(perform: { _ in { done.resume() } }, fail: { _ in done.resume() }, isAlone: true), closing: true)
        }
    }

    private func submit<T: Sendable>(
        alone: Bool, short: Bool, _ body: @escaping @Sendable (WriteContext) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(
                Operation(
                    perform: { context in
                        let value = try body(context)
                        return { continuation.resume(returning: value) }
                    },
                    fail: { continuation.resume(throwing: $0) },
                    isAlone: alone, isShort: short),
                closing: false)
        }
    }

    private func enqueue(_ operation: Operation, closing: Bool) {
        let (accepted, starts) = line.withLock { line in
            guard !line.isClosed else { return (false, false) }
            line.isClosed = closing
            line.waiting.append(operation)
            defer { line.isDraining = true }
            return (true, !line.isDraining)
        }
        guard accepted else { return operation.fail(QueueError.unavailable("The queue is closed")) }
        guard starts else { return }
        if operation.isShort, threads.callerMayServe {
            pool.writeWithoutTransaction { db in serveOnce(db) }
        } else {
            drainElsewhere()
        }
    }

    private func drainElsewhere() { threads.serve(pool) { db in self.drain(db) } }

    /// Carries out one group on the thread that calls. Those that came meanwhile, and a checkpoint, are left to another; so is all of
    /// it while another process holds a lock, as waiting for that keeps a thread that tasks need.
    private func serveOnce(_ db: Database) {
        do { try begin(db, patience: 0) } catch { return drainElsewhere() }
        guard serveNext(db, hasBegun: true) else { return }
        let isDone =
            !log.isCheckpointDue
            && line.withLock { line in
                if line.waiting.isEmpty { line.isDraining = false }
                return line.waiting.isEmpty
            }
        if !isDone { drainElsewhere() }
    }

    /// Runs on the writer's connection until nobody waits.
    private func drain(_ db: Database) {
        repeat {
            if log.isCheckpointDue { log.checkpoint(db, truncating: false) }
        } while serveNext(db)
    }

    /// Carries out the next group; false where nobody waits.
    /// - Parameter hasBegun: whether a transaction was begun for it.
    private func serveNext(_ db: Database, hasBegun: Bool = false) -> Bool {
        let group = nextGroup()
        if hasBegun, group?[0].isAlone ?? true { rollBack([], db) }
        guard let group else { return false }
        if group[0].isAlone { runAlone(group[0], db) } else { run(group, db, hasBegun: hasBegun) }
        return true
    }

    /// Begins a transaction that writes.
    private func begin(_ db: Database, patience: Int32) throws {
        db.setBusyTimeout(patience)
        defer { db.setBusyTimeout(0) }
        if !db.isOutsideTransaction { try db.sql("ROLLBACK").run() }
        try db.sql("BEGIN IMMEDIATE").run()
    }

    /// One operation that runs alone, or the grouped ones up to the next such.
    private func nextGroup() -> [Operation]? {
        line.withLock { line in
            guard let first = line.waiting.first else {
                line.isDraining = false
                return nil
            }
            let count =
                first.isAlone
                ? 1 : line.waiting.prefix(Self.groupLimit).firstIndex { $0.isAlone } ?? min(line.waiting.count, Self.groupLimit)
            defer { line.waiting.removeFirst(count) }
            return Array(line.waiting[..<count])
        }
    }

    private func runAlone(_ operation: Operation, _ db: Database) {
        do { try operation.perform(WriteContext(db: db))() } catch { operation.fail(QueueError(error)) }
    }

    /// Where an operation of a group stands.
    private enum Progress {
        case waiting
        case done(WriteContext, answer: @Sendable () -> Void)
        case refused(any Error)
    }

    private func run(_ group: [Operation], _ db: Database, hasBegun: Bool) {
        var progress = Array(repeating: Progress.waiting, count: group.count)
        let writesBefore = log.writes
        do {
            if !hasBegun { try begin(db, patience: patience) }
            try place.check(db)
            // Savepoints cost a copy of every page an operation touches, and operations hardly ever fail: only a group in which one
            // did is run again with them.
            if try !perform(group, db, &progress, savepoints: false) {
                progress = Array(repeating: .waiting, count: group.count)
                try begin(db, patience: patience)
                _ = try perform(group, db, &progress, savepoints: true)
            }
            let contexts = progress.compactMap { if case .done(let context, _) = $0 { context } else { nil } }
            if contexts.isEmpty {
                try db.sql("ROLLBACK").run()
            } else {
                try KeptFigures.write(contexts, db)
                try db.sql("COMMIT").run()
                line.withLock { $0.commits += 1 }
                totals.withLock { totals in for context in contexts { totals += context.totals } }
                for context in contexts { context.committed() }
                do {
                    try place.check(db)
                    // A commit of nothing touches no disk: it says that no lock is held, not that there is room.
                    report(log.writes == writesBefore ? .unchanged : .written)
                } catch {
                    // It stands in a file that nobody will find: not to be acknowledged.
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

    /// Carries out every operation of a group in the transaction that was begun; throws where the transaction is lost as a whole.
    /// - Parameter savepoints: whether an operation that fails is rolled back alone.
    /// - Returns: false where one of several failed and there were no savepoints: all is rolled back, and may be performed again.
    private func perform(
        _ group: [Operation], _ db: Database, _ progress: inout [Progress], savepoints: Bool
    ) throws -> Bool {
        for (i, operation) in group.enumerated() {
            let context = WriteContext(db: db)
            if savepoints { try db.sql("SAVEPOINT operation").run() }
            do {
                progress[i] = .done(context, answer: try operation.perform(context))
            } catch {
                context.rolledBack()
                progress[i] = .refused(error)
                if let failure = SQLiteFailure(error), failure.isOfStorage { report(.failed(failure)) }
                // SQLite gave up the whole transaction: nobody's work stands.
                if db.isOutsideTransaction { throw error }
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
        if !db.isOutsideTransaction { try? db.sql("ROLLBACK").run() }
        for case .done(let context, _) in progress.reversed() { context.rolledBack() }
    }
}
