import SyncModel
import Synchronization
import UserDirectory

/// The directory as one process reaches it: calls take time, fail, lose their answers, and are carried out though nobody waits.
final class RoughDirectory: UserDirectory {
    private let base: MemoryDirectory
    private let weather: Weather
    private let clock: WallClock
    private let queueClock: WallClock
    /// Whether it can be reached; of the world's, as an outage outlives a process.
    private let isAway: @Sendable (_ call: String) -> Bool

    /// - Parameters:
    ///   - clock: of the process.
    ///   - queueClock: of the queue that batches come from.
    init(
        _ base: MemoryDirectory, weather: Weather, clock: WallClock, queueClock: WallClock,
        isAway: @escaping @Sendable (_ call: String) -> Bool
    ) {
        self.queueClock = queueClock
        self.base = base
        self.weather = weather
        self.clock = clock
        self.isAway = isAway
    }

    var batchesPerCommit: Int { weather.scenario.batchesPerCommit }

    func prepare() async throws(DirectoryError) { try await call("prepare") {} }
    func probe() async throws(DirectoryError) { try await call("probe") {} }
    func checkpoint() async {}
    func close() async {}

    func apply(
        _ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool
    ) async throws(DirectoryError) -> [BatchApplied] {
        // The worker has looked at its leases just before. However long the call is under way then, the ledger guards it.
        begin(batches[0], tolerance: 0.2)
        let faults = weather.scenario.faults
        let fate = weather.fate(
            failing: faults.directoryFails, losing: faults.directoryAnswerLost, givenUp: faults.givenUp)
        if case .isGivenUp = fate {
            // Nobody's child: its caller has gone.
            Task(executorPreference: weather.executor) {
                await self.weather.pass()
                try? await self.weather.scheduler.sleep(
                    for: .milliseconds(self.weather.executor.draw { Int.random(in: 0..<2_000, using: &$0) }),
                    self.weather.executor, isWork: true)
                // The ledger fences it, as long as that is there: a driver whose calls outlive their callers must not be carried out
                // once the rows of their jobs went.
                if !self.weather.executor.isDead, !self.isAway("apply"), self.base.isFenced(batches) {
                    _ = self.commit(batches, "late")
                }
            }
            throw .transient("no answer in time")
        }
        return try await call("apply", fate) {
            var taken = 1
            await self.weather.pass()
            while taken < batches.count, !closeEarly() {
                self.begin(batches[taken])
                taken += 1
                await self.weather.pass()
            }
            return taken
        } then: {
            self.commit(Array(batches.prefix($0)), "applied")
        }
    }

    private func begin(_ batch: BatchWork, tolerance: Double = 0) {
        // The dead go on to no effect, at no time of the world's.
        guard !weather.executor.isDead else { return }
        let now = queueClock.now().advanced(bySeconds: -tolerance)
        weather.monitor.leases { $0.applies(batch.jobID, batch.number, in: weather.life, at: now) }
    }

    private func commit(_ batches: [BatchWork], _ word: String) -> [BatchApplied] {
        let applied = base.apply(batches, at: clock.now())
        let names = applied.map { done -> String in
            let place = weather.monitor.job(done.jobID).map { "\($0.tenantID).\($0.place)" } ?? "?"
            return "\(place)/\(done.number)\(done.deferred.isEmpty ? "" : " defers \(done.deferred.count)")"
        }
        weather.executor.note("\(word) \(names.joined(separator: ", "))")
        return applied
    }

    func tombstone(_ job: JobID, batches: [Int]) async throws(DirectoryError) -> [Int: BatchApplied] {
        try await call("tombstone \(batches)", ambiguous: true) { self.base.tombstone(job, batches: batches) }
    }

    func settledAhead(of job: JobID) async throws(DirectoryError) -> [AppliedUser] {
        try await call("settled ahead", ambiguous: true) { self.base.settledAhead(of: job) }
    }

    func giveUp(_ batch: BatchWork, error: String) async throws(DirectoryError) -> BatchApplied {
        try await call("give up \(batch.number)", ambiguous: true) { self.base.giveUp(batch, error: error) }
    }

    func log(_ jobs: [SyncLogEntry]) async throws(DirectoryError) {
        try await call("log", ambiguous: true) { self.base.log(jobs) }
    }

    func forget(_ jobs: [JobID]) async throws(DirectoryError) {
        try await call("forget", ambiguous: true) { self.base.forget(jobs) }
    }

    func previewMerge(of tenantID: TenantID, into target: TenantID) async throws(DirectoryError) -> UserMerge {
        try await call("preview a merge") { self.base.previewMerge(of: tenantID, into: target) }
    }

    func merge(_ tenantID: TenantID, into target: TenantID, now: Timestamp) async throws(DirectoryError) -> UserMerge {
        try await call("merge \(tenantID) into \(target)", ambiguous: true, whenLost: { .unavailable($0) }) {
            self.base.merge(tenantID, into: target)
        }
    }

    // MARK: One call

    private func call<T: Sendable>(
        _ name: String, ambiguous: Bool = false, whenLost: (String) -> DirectoryError = { .transient($0) },
        _ body: @escaping @Sendable () -> T
    ) async throws(DirectoryError) -> T {
        let faults = weather.scenario.faults
        let fate = weather.fate(
            failing: faults.directoryFails, losing: ambiguous ? faults.directoryAnswerLost : 0)
        return try await call(name, fate, whenLost: whenLost) {
        } then: {
            body()
        }
    }

    /// - Parameters:
    ///   - whenLost: the error of a call that has its effect all the same.
    ///   - before: what takes time.
    ///   - then: the effect, in one step.
    private func call<Prepared: Sendable, T: Sendable>(
        _ name: String, _ fate: Weather.Fate, whenLost: (String) -> DirectoryError = { .transient($0) },
        _ before: @Sendable () async -> Prepared, then: @Sendable (Prepared) -> T
    ) async throws(DirectoryError) -> T {
        await weather.pass()
        let prepared = await before()
        guard !weather.executor.isDead else { throw .unavailable("the process is dead") }
        guard !isAway(name) else { throw .unavailable("away") }
        if case .fails = fate {
            weather.executor.note("\(name) fails")
            throw .transient("simulated")
        }
        let value = then(prepared)
        if name != "apply", name != "probe" { weather.executor.note(name) }
        await weather.pass()
        if case .losesItsAnswer = fate {
            weather.executor.note("\(name) loses its answer")
            throw whenLost("the answer is lost")
        }
        return value
    }
}
