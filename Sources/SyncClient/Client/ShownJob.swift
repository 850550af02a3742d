package import SyncAPI
package import SyncModel

/// A job as an answer shows its state.
package protocol ShownJob {
    /// `JobState`'s word.
    var status: String { get }
    var cancelRequested: Bool { get }
    var endedAt: Timestamp? { get }
}

extension JobSummaryDocument: ShownJob {}
extension JobDocument: ShownJob {
    package var status: String { result.status }
}

extension ShownJob {
    /// `nil` for a word of a later server.
    package var state: JobState? { JobState(rawValue: status) }
    /// A job in a state of a later server has ended if it has an end.
    package var hasEnded: Bool { state?.isEnd ?? (endedAt != nil) }
}
