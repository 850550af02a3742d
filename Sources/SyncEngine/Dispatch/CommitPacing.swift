import SyncModel

/// How many batches a commit may take, and when one under way gives way: told of every commit group, and asked.
///
/// A value without I/O. The dispatcher tells and asks it; the directory asks at each batch boundary of a commit.
struct CommitPacing {
    /// A commit group with a worker.
    private struct RunningGroup {
        var isBulk: Bool
        /// When its commit was last at a batch boundary.
        var boundary: ContinuousClock.Instant
        var isApplied = false
    }

    private var groups: [Int: RunningGroup] = [:]
    private var lastNumber = 0
    /// Commit groups whose commit is not through: one is in it, the others wait for the directory.
    private var applying = 0
    /// Commit groups that wait for a worker.
    var waiting = 0
    private(set) var isStopped = false
    private var allowance: CommitAllowance

    /// - Parameter most: batches that a commit takes best where nobody else waits.
    init(most: Int) { allowance = CommitAllowance(most: most) }

    // MARK: Told

    /// A worker takes a commit group.
    /// - Returns: its number.
    mutating func begin(isBulk: Bool, at now: ContinuousClock.Instant) -> Int {
        lastNumber += 1
        applying += 1
        groups[lastNumber] = RunningGroup(isBulk: isBulk, boundary: now)
        return lastNumber
    }

    /// A commit group's commit is through, or was given up.
    /// - Parameter batches: how many it took.
    mutating func applied(_ number: Int, batches: Int, at now: ContinuousClock.Instant) throws(ImpossibleTransition) {
        guard let group = groups[number], !group.isApplied else { throw impossible(number, "applied") }
        groups[number]?.isApplied = true
        applying -= 1
        guard group.isBulk, batches > 0 else { return }
        allowance.committed(batches, closing: group.boundary.duration(to: now), at: now)
    }

    /// A commit group is over: its worker is free again.
    mutating func end(_ number: Int) throws(ImpossibleTransition) {
        guard groups[number]?.isApplied == true else { throw impossible(number, "end") }
        groups[number] = nil
    }

    private func impossible(_ number: Int, _ event: String) -> ImpossibleTransition {
        let state = groups[number].map { $0.isApplied ? "applied" : "being applied" } ?? "over"
        return ImpossibleTransition(.commitGroup, "\(number)", in: state, met: event)
    }

    /// Small jobs have come.
    mutating func othersAreAbout(at now: ContinuousClock.Instant) { allowance.othersAreAbout(at: now) }

    /// The process stops: nothing more is begun.
    mutating func stop() { isStopped = true }

    // MARK: Asked

    /// Batches for the next commit.
    /// - Parameter most: batches that a commit takes best where nobody else waits; changes as the table grows.
    mutating func batches(most: Int) -> Int {
        allowance.most = most
        return allowance.batches
    }

    /// Whether a commit is to close at the batch boundary that it has reached. One of small jobs is short, and closing it would cost
    /// the others in it their place: only a bulk's gives way, to whoever waits for a worker or, with one, for the directory.
    /// - Parameter isAnyReady: a tenant waits for its turn.
    mutating func closesEarly(_ number: Int, isAnyReady: Bool, at now: ContinuousClock.Instant) -> Bool {
        groups[number]?.boundary = now
        guard !isStopped else { return true }
        return groups[number]?.isBulk == true && (isAnyReady || waiting > 0 || applying > 1)
    }

    /// Commit groups with a worker.
    var running: Int { groups.count }

    /// Nothing is worked on, and no commit group waits.
    var isIdle: Bool { running == 0 && waiting == 0 }
}
