/// How many batches the next commit of a large job may take.
///
/// A commit can close at each batch boundary, but then it writes all its pages, and whoever comes meanwhile waits for that. Large
/// commits write fewer pages a user (a page that many users share is written once), so the allowance is as large as keeps that wait
/// near `target`: measured, as it depends on the disk, on the size of the table and on its indexes.
struct CommitAllowance {
    /// Batches that the next commit may take.
    private(set) var batches: Int
    /// Batches where nobody else is about.
    var most: Int {
        didSet { batches = min(batches, most) }
    }
    /// When somebody else had work last.
    private var othersAt: ContinuousClock.Instant?

    /// What another tenant may have to wait for the commit under way.
    private static let target = Duration.milliseconds(12)
    /// Fewer do not pay: each commit has a cost of its own.
    private static let least = 4
    /// Seconds for which those who came are expected to come again.
    private static let memory = Duration.seconds(2)

    init(most: Int) {
        self.most = most
        batches = most
    }

    /// Somebody beside the large job has work.
    mutating func othersAreAbout(at now: ContinuousClock.Instant) { othersAt = now }

    /// A commit of a large job stands.
    /// - Parameters:
    ///   - taken: batches it took.
    ///   - closing: from its last batch boundary until it stood: what could not have been cut short.
    mutating func committed(_ taken: Int, closing: Duration, at now: ContinuousClock.Instant) {
        guard let othersAt, othersAt.duration(to: now) < Self.memory else {
            batches = min(most, batches * 2)
            return
        }
        if closing > Self.target {
            let share = Self.target / closing
            batches = min(batches, max(Self.least, Int(Double(taken) * share)))
        } else if taken >= batches {
            batches = min(most, batches + max(1, batches / 4))
        }
    }
}
