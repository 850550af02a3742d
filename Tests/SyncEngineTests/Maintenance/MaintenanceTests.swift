import JobQueue
import Logging
import ServiceLifecycle
import Synchronization
import SyncModel
import TestSupport
import Testing
import UserDirectory

@testable import SyncEngine

@Suite("Maintenance", .timeLimit(.minutes(5)))
struct MaintenanceTests {
    let clock = ManualClock()
    let house = FakeHouse()

    func maintenance(isQuiet: @escaping @Sendable () -> Bool = { false }, portion: Int = 10, log: TestLog = TestLog())
        -> Maintenance
    {
        var settings = MaintenanceSettings()
        settings.portion = portion
        settings.roundsPerPruning = 3
        return Maintenance(
            queue: FakeQueue(house: house, clock: clock.wall), directory: FakeDirectory(house: house), settings: settings,
            clock: clock, isQuiet: isQuiet,
            logger: Logger(label: "test") { _ in log })
    }

    /// Runs so many rounds and stops.
    func run(_ maintenance: Maintenance, rounds: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await maintenance.run() }
            for _ in 1..<rounds {
                try await clock.sleepers(1)
                clock.advance(by: .seconds(5))
            }
            try await clock.sleepers(1)
            group.cancelAll()
        }
    }

    @Test("ledger rows go before the queue forgets them, portion by portion, until none is left")
    func ledger() async throws {
        let jobs = (0..<25).map { _ in JobID(now: clock.start) }
        house.state.withLock { $0.withLedger = jobs }
        try await run(maintenance(), rounds: 1)
        let steps = house.state.withLock { $0.steps }.filter { $0.hasPrefix("forget") || $0.hasPrefix("forgotten") }
        #expect(steps == ["forget 10", "forgotten 10", "forget 10", "forgotten 10", "forget 5", "forgotten 5"])
        #expect(house.state.withLock { $0.withLedger.isEmpty && $0.forgotten == jobs })
        #expect(house.state.withLock { $0.ledgerMoments.allSatisfy { $0 == clock.start.advanced(bySeconds: -3_600) } })
    }

    @Test(
        "the queue is pruned at the start and every so many rounds, with the retention's moments, until nothing is left to prune")
    func prune() async throws {
        house.state.withLock { $0.prunable = 25 }
        try await run(maintenance(), rounds: 4)
        let prunes = house.state.withLock { $0.prunes }
        // Three portions in the first round, one question in the fourth.
        #expect(prunes.count == 4)
        #expect(prunes[0].jobsBefore == clock.start.advanced(bySeconds: -7 * 86_400))
        #expect(
            house.state.withLock { $0.uploadMoments }
                == [0, 15].map { clock.start.advanced(bySeconds: $0 - 3_600) }, "with each pruning")
        #expect(prunes[0].keysBefore == clock.start.advanced(bySeconds: -86_400))
        #expect(prunes[3].jobsBefore == clock.start.advanced(bySeconds: 15 - 7 * 86_400))
    }

    @Test("checkpoints wait for a quiet moment")
    func checkpoints() async throws {
        try await run(maintenance(isQuiet: { false }), rounds: 3)
        #expect(house.state.withLock { $0.steps.filter { $0.hasPrefix("checkpoint") } }.isEmpty)
        try await run(maintenance(isQuiet: { true }), rounds: 2)
        #expect(
            house.state.withLock { $0.steps.filter { $0.hasPrefix("checkpoint") } }
                == ["checkpoint queue", "checkpoint directory", "checkpoint queue", "checkpoint directory"])
    }

    @Test("room is made in every round, and where the disk is short the directory's log is emptied too, quiet or not")
    func room() async throws {
        try await run(maintenance(), rounds: 2)
        #expect(house.state.withLock { $0.steps.filter { $0 == "make room" }.count } == 2)
        #expect(!house.state.withLock { $0.steps.contains("checkpoint directory") })
        house.state.withLock { $0.isShort = true }
        try await run(maintenance(), rounds: 2)
        #expect(house.state.withLock { $0.steps.filter { $0 == "checkpoint directory" }.count } == 2)
    }

    @Test("a failure is told once, ends nothing, and is made up for later")
    func failures() async throws {
        let log = TestLog()
        let jobs = [JobID(now: clock.start)]
        house.state.withLock {
            $0.withLedger = jobs
            $0.directoryFailures = 3
            $0.queueFailures = 1
            $0.prunable = 1
        }
        try await run(maintenance(log: log), rounds: 5)
        #expect(house.state.withLock { $0.forgotten } == jobs)
        #expect(house.state.withLock { $0.prunable } == 0)
        #expect(
            log.lines == [
                "error Clearing the ledger failed and is tried again", "error Pruning the queue failed and is tried again",
                "notice Clearing the ledger works again", "notice Pruning the queue works again",
            ])
    }

    @Test("graceful shutdown ends it at once")
    func stop() async throws {
        let group = ServiceGroup(services: [maintenance()], logger: Logger(label: "test") { _ in TestLog() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await clock.sleepers(1)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

/// What its queue and directory were asked, in order.
final class FakeHouse: Sendable {
    struct State {
        var steps: [String] = []
        var prunes: [(jobsBefore: Timestamp, keysBefore: Timestamp)] = []
        var prunable = 0
        var withLedger: [JobID] = []
        var ledgerMoments: [Timestamp] = []
        var uploadMoments: [Timestamp] = []
        var forgotten: [JobID] = []
        var directoryFailures = 0
        var queueFailures = 0
        var isShort = false
    }

    let state = Mutex(State())
}

/// The part of a queue that maintenance touches, in memory.
struct FakeQueue: QueueMaintenance {
    func makeRoom() async -> Bool {
        house.state.withLock { state in
            state.steps.append("make room")
            return state.isShort
        }
    }

    let house: FakeHouse
    let clock: WallClock

    func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) throws -> Int {
        try house.state.withLock { state in
            if state.queueFailures > 0 {
                state.queueFailures -= 1
                throw QueueError.unavailable("disk full")
            }
            state.prunes.append((jobsBefore, keysBefore))
            let gone = min(limit, state.prunable)
            state.prunable -= gone
            return gone
        }
    }

    func endedWithLedger(endedBefore: Timestamp, limit: Int) -> [JobID] {
        house.state.withLock { state in
            state.ledgerMoments.append(endedBefore)
            return Array(state.withLedger.prefix(limit))
        }
    }

    func discardAbandonedUploads(before: Timestamp) -> Int {
        house.state.withLock { state in
            state.uploadMoments.append(before)
            return 0
        }
    }

    func ledgerForgotten(_ jobs: [JobID]) {
        house.state.withLock {
            $0.steps.append("forgotten \(jobs.count)")
            $0.withLedger.removeAll { jobs.contains($0) }
        }
    }

    func checkpoint() { house.state.withLock { $0.steps.append("checkpoint queue") } }
}

/// The part of a directory that maintenance touches, in memory.
struct FakeDirectory: UserDirectory {
    let house: FakeHouse

    func forget(_ jobs: [JobID]) throws(DirectoryError) {
        let isAway = house.state.withLock { state in
            guard state.directoryFailures == 0 else {
                state.directoryFailures -= 1
                return true
            }
            state.steps.append("forget \(jobs.count)")
            state.forgotten += jobs
            return false
        }
        if isAway { throw .unavailable("locked") }
    }

    func checkpoint() { house.state.withLock { $0.steps.append("checkpoint directory") } }

    var batchesPerCommit: Int { 100 }
    func prepare() {}
    func apply(_ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool) -> [BatchApplied] { [] }
    func tombstone(_ job: JobID, batches: [Int]) -> [Int: BatchApplied] { [:] }
    func settledAhead(of job: JobID) -> [AppliedUser] { [] }
    func giveUp(_ batch: BatchWork, error: String) -> BatchApplied {
        BatchApplied(jobID: batch.jobID, number: batch.number, users: [])
    }
    func log(_ jobs: [SyncLogEntry]) {}
    func probe() {}
    func close() {}
}
