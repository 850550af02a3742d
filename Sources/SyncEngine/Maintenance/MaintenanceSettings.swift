/// What `Maintenance` does when, and how much at once.
package struct MaintenanceSettings: Sendable {
    /// `RETENTION_DAYS`: how long results, job records and the payloads of failed users are kept, in days.
    package var retentionDays: Double = 7
    /// How long an `Idempotency-Key` is kept, in hours.
    package var keyHours: Double = 24
    /// Time between two rounds, which clear the ledger and checkpoint.
    package var interval: Duration = .seconds(5)
    /// Rounds from one pruning to the next; the first round prunes.
    package var roundsPerPruning = 12
    /// How long after a job's end its ledger rows are kept where processes share a store, in seconds: the length of a lease, and
    /// the longest that a process may have stood still in the middle of a call to the directory.
    package var ledgerMargin: Double = 3_600
    /// After how many seconds an upload that has not grown counts as abandoned, in such a store. A request may stand still for
    /// a minute.
    package var uploadPause: Double = 3_600
    /// Jobs per transaction: few, since no other write runs meanwhile.
    package var portion = 200

    package init() {}
}
