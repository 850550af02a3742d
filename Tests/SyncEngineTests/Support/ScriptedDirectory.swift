import SyncModel
import Synchronization
import UserDirectory

/// A directory in memory: it creates everybody, remembers by (job, batch) as the ledger does, and fails where it is told to.
final class ScriptedDirectory: UserDirectory {
    struct Call: Sendable, Hashable {
        var jobID: JobID
        var number: Int
    }

    private struct State {
        var ledger: [Call: BatchApplied] = [:]
        var applied: [[Call]] = []
        var took: [Call] = []
        var logged: [[JobID]] = []
        var refusedTombstones = 0
        var probes = 0
    }

    private let state = Mutex(State())
    /// Asked before each `apply`, with all calls so far, this one last.
    private let failing: @Sendable (_ calls: [[Call]]) -> DirectoryError?
    /// Says how many batches a call takes; it may wait before it does.
    private let taking: @Sendable (_ batches: Int, _ closeEarly: @Sendable () -> Bool) async -> Int
    /// Changes what a call of `apply` answers.
    private let answering: @Sendable (_ calls: [[Call]], _ outcomes: [BatchApplied]) -> [BatchApplied]
    /// Asked before each `log`.
    private let refusing: @Sendable (_ jobs: [JobID]) -> DirectoryError?
    /// Says what a merge would do, or does.
    private let merging: @Sendable (_ isPreview: Bool) -> Result<UserMerge, DirectoryError>
    /// No tombstone can be written until the first probe.
    private let isAwayUntilProbed: Bool
    let batchesPerCommit = 100

    init(
        failing: @escaping @Sendable (_ calls: [[Call]]) -> DirectoryError? = { _ in nil },
        taking: @escaping @Sendable (_ batches: Int, _ closeEarly: @Sendable () -> Bool) async -> Int = { batches, _ in batches },
        refusing: @escaping @Sendable (_ jobs: [JobID]) -> DirectoryError? = { _ in nil },
        answering: @escaping @Sendable (_ calls: [[Call]], _ outcomes: [BatchApplied]) -> [BatchApplied] = { $1 },
        merging: @escaping @Sendable (_ isPreview: Bool) -> Result<UserMerge, DirectoryError> = { _ in .success(UserMerge()) },
        isAwayUntilProbed: Bool = false
    ) {
        self.merging = merging
        self.isAwayUntilProbed = isAwayUntilProbed
        self.answering = answering
        self.refusing = refusing
        self.failing = failing
        self.taking = taking
    }

    /// What `apply` was called with, call by call.
    var calls: [[Call]] { state.withLock { $0.applied } }
    /// What `log` was called with, call by call.
    var logged: [[JobID]] { state.withLock { $0.logged } }
    var probes: Int { state.withLock { $0.probes } }
    var refusedTombstones: Int { state.withLock { $0.refusedTombstones } }
    /// Batches in the order in which they took effect.
    var effects: [Call] { state.withLock { $0.took } }

    func apply(
        _ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool
    ) async throws(DirectoryError) -> [BatchApplied] {
        let calls = state.withLock { state in
            state.applied.append(batches.map { Call(jobID: $0.jobID, number: $0.number) })
            return state.applied
        }
        if let error = failing(calls) { throw error }
        let count = await taking(batches.count, closeEarly)
        let outcomes = state.withLock { state in
            batches.prefix(count).map { batch in
                let call = Call(jobID: batch.jobID, number: batch.number)
                if let known = state.ledger[call] { return known }
                var users: [AppliedUser] = []
                batch.payload.forEach { record in users.append(AppliedUser(index: record.index, outcome: .created, crmUserID: 1))
                }
                var outcome = BatchApplied(jobID: batch.jobID, number: batch.number, users: users)
                if batch.isWholeJob { outcome.jobLog = refusing([batch.jobID]) == nil ? .written : .refused }
                state.ledger[call] = outcome
                state.took.append(call)
                return outcome
            }
        }
        return answering(calls, outcomes)
    }

    func tombstone(_ job: JobID, batches: [Int]) async throws(DirectoryError) -> [Int: BatchApplied] {
        let isAway = state.withLock { state in
            guard isAwayUntilProbed, state.probes == 0 else { return false }
            state.refusedTombstones += 1
            return true
        }
        if isAway { throw .unavailable("away") }
        return state.withLock { state in
            var standing: [Int: BatchApplied] = [:]
            for number in batches {
                let call = Call(jobID: job, number: number)
                if let known = state.ledger[call] {
                    if !known.isTombstone { standing[number] = known }
                } else {
                    state.ledger[call] = BatchApplied(jobID: job, number: number, users: [], isTombstone: true)
                }
            }
            return standing
        }
    }

    func previewMerge(of tenantID: TenantID, into target: TenantID) async throws(DirectoryError) -> UserMerge {
        try merging(true).get()
    }

    func merge(_ tenantID: TenantID, into target: TenantID, now: Timestamp) async throws(DirectoryError) -> UserMerge {
        try merging(false).get()
    }

    func settledAhead(of job: JobID) async throws(DirectoryError) -> [AppliedUser] { [] }

    func giveUp(_ batch: BatchWork, error: String) async throws(DirectoryError) -> BatchApplied {
        state.withLock { state in
            let call = Call(jobID: batch.jobID, number: batch.number)
            if let known = state.ledger[call] { return known }
            let ended = BatchApplied(givenUp: batch, error: error)
            state.ledger[call] = ended
            return ended
        }
    }

    func prepare() async throws(DirectoryError) {}
    func log(_ jobs: [SyncLogEntry]) async throws(DirectoryError) {
        state.withLock { $0.logged.append(jobs.map(\.jobID)) }
        if let error = refusing(jobs.map(\.jobID)) { throw error }
    }
    func forget(_ jobs: [JobID]) async throws(DirectoryError) {}
    func probe() async throws(DirectoryError) { state.withLock { $0.probes += 1 } }
    func checkpoint() async {}
    func close() async {}
}
