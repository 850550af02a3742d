/// How many batches the next commit of a large job may take.
///
/// A commit can close at each batch boundary, but then it must write all its pages, and other tenants wait for that. Large
/// commits write fewer pages per user (a page shared by many users is written once), so the allowance is as large as possible
/// while it keeps that wait near `target`. It is measured, because it depends on the disk, on the size of the table and on its
/// indexes.
struct CommitAllowance {
    /// Batches that the next commit may take.
    private(set) var batches: Int
    /// The most batches, when no other tenant is active.
    var most: Int {
        didSet { batches = min(batches, most) }
    }
    /// When another tenant last had work.
    private var othersAt: ContinuousClock.Instant?

    /// How long another tenant may have to wait for the current commit.
    private static let target = Duration.milliseconds(12)
    /// Fewer are not worth it: each commit has a fixed cost.
    private static let least = 4
    /// How long other tenants are expected to come back.
    private static let memory = Duration.seconds(2)

    init(most: Int) {
        self.most = most
        batches = most
    }

    /// Notes that other tenants have work beside the large job.
    mutating func othersAreAbout(at now: ContinuousClock.Instant) { othersAt = now }

    /// Records a successful bulk commit.
    /// - Parameters:
    ///   - taken: batches it took.
    ///   - closing: the time from its last batch boundary to its end, which could not have been cut short.
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
