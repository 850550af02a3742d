import SyncModel

/// Decides how many batches a commit may take, and when a running one must give way.
///
/// A value without I/O. The dispatcher reports every commit group to it; the directory asks it at each batch boundary of a
/// commit.
struct CommitPacing {
    /// A commit group that a worker has taken.
    private struct RunningGroup {
        var isBulk: Bool
        /// When its commit was last at a batch boundary.
        var boundary: ContinuousClock.Instant
        var isApplied = false
    }

    private var groups: [Int: RunningGroup] = [:]
    private var lastNumber = 0
    /// Commit groups whose commit is not finished: one is being applied, the others wait for the directory.
    private var applying = 0
    /// Commit groups that wait for a worker.
    var waiting = 0
    private(set) var isStopped = false
    private var allowance: CommitAllowance

    /// - Parameter most: the best number of batches per commit while no other tenant waits.
    init(most: Int) { allowance = CommitAllowance(most: most) }

    // MARK: Reports

    /// A worker takes a commit group.
    /// - Returns: its number.
    mutating func begin(isBulk: Bool, at now: ContinuousClock.Instant) -> Int {
        lastNumber += 1
        applying += 1
        groups[lastNumber] = RunningGroup(isBulk: isBulk, boundary: now)
        return lastNumber
    }

    /// A commit group's commit has finished or was abandoned.
    /// - Parameter batches: how many it contained.
    mutating func applied(_ number: Int, batches: Int, at now: ContinuousClock.Instant) throws(ImpossibleTransition) {
        guard let group = groups[number], !group.isApplied else { throw impossible(number, "applied") }
        groups[number]?.isApplied = true
        applying -= 1
        guard group.isBulk, batches > 0 else { return }
        allowance.committed(batches, closing: group.boundary.duration(to: now), at: now)
    }

    /// A commit group is done: its worker is free again.
    mutating func end(_ number: Int) throws(ImpossibleTransition) {
        guard groups[number]?.isApplied == true else { throw impossible(number, "end") }
        groups[number] = nil
    }

    private func impossible(_ number: Int, _ event: String) -> ImpossibleTransition {
        let state = groups[number].map { $0.isApplied ? "applied" : "being applied" } ?? "over"
        return ImpossibleTransition(.commitGroup, "\(number)", in: state, met: event)
    }

    /// Small jobs have arrived.
    mutating func othersAreAbout(at now: ContinuousClock.Instant) { allowance.othersAreAbout(at: now) }

    /// The process is stopping: nothing more is begun.
    mutating func stop() { isStopped = true }

    // MARK: Decisions

    /// Batches for the next commit.
    /// - Parameter most: the best number of batches per commit while no other tenant waits; changes as the table grows.
    mutating func batches(most: Int) -> Int {
        allowance.most = most
        return allowance.batches
    }

    /// Whether a commit must close at the batch boundary that it has reached. Only a bulk commit gives way, to commit groups that
    /// wait for a worker or for the directory: one of small jobs is short, and closing it would cost the others in it their
    /// place.
    /// - Parameter isAnyReady: whether a tenant waits for its turn.
    mutating func closesEarly(_ number: Int, isAnyReady: Bool, at now: ContinuousClock.Instant) -> Bool {
        groups[number]?.boundary = now
        guard !isStopped else { return true }
        return groups[number]?.isBulk == true && (isAnyReady || waiting > 0 || applying > 1)
    }

    /// Commit groups that workers have taken.
    var running: Int { groups.count }

    /// Whether a commit group's commit is not finished. What is left to do after that is the queue's matter.
    var isApplying: Bool { applying > 0 }

    /// True if nothing is being worked on and no commit group waits.
    var isIdle: Bool { running == 0 && waiting == 0 }
}
