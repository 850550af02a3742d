/// How many batches a commit may take, and when one under way gives way: told of every turn, and asked.
///
/// A value without I/O. The dispatcher tells and asks it; the directory asks at each batch boundary of a commit.
struct CommitPacing {
    /// A turn with a worker whose commit is not through: one is in it, the others wait for the directory.
    private struct Commit {
        var isBulk: Bool
        /// When it was last at a batch boundary.
        var boundary: ContinuousClock.Instant
    }

    private var commits: [Int: Commit] = [:]
    private var lastNumber = 0
    /// Turns with a worker.
    private(set) var running = 0
    /// Turns that wait for a worker.
    var waiting = 0
    private(set) var isStopped = false
    private var allowance: CommitAllowance

    /// - Parameter most: batches that a commit takes best where nobody else waits.
    init(most: Int) { allowance = CommitAllowance(most: most) }

    // MARK: Told

    /// A worker takes a turn.
    /// - Returns: its number.
    mutating func begin(isBulk: Bool, at now: ContinuousClock.Instant) -> Int {
        lastNumber += 1
        running += 1
        commits[lastNumber] = Commit(isBulk: isBulk, boundary: now)
        return lastNumber
    }

    /// A turn's commit is through, or was given up.
    /// - Parameter batches: how many it took.
    mutating func applied(_ number: Int, batches: Int, at now: ContinuousClock.Instant) {
        guard let commit = commits.removeValue(forKey: number), commit.isBulk, batches > 0 else { return }
        allowance.committed(batches, closing: commit.boundary.duration(to: now), at: now)
    }

    /// A worker is free again.
    mutating func end() { running -= 1 }

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
    /// - Parameter isAnyReady: a tenant waits for a turn.
    mutating func closesEarly(_ number: Int, isAnyReady: Bool, at now: ContinuousClock.Instant) -> Bool {
        commits[number]?.boundary = now
        guard !isStopped else { return true }
        return commits[number]?.isBulk == true && (isAnyReady || waiting > 0 || commits.count > 1)
    }

    /// Nothing is worked on, and no turn waits.
    var isIdle: Bool { running == 0 && waiting == 0 }
}
