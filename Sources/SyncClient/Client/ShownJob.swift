package import SyncAPI
package import SyncModel

/// A job as an answer shows its state.
package protocol ShownJob {
    /// `JobState`'s word.
    var status: String { get }
    var cancelRequested: Bool { get }
}

extension JobSummaryDocument: ShownJob {}
extension JobDocument: ShownJob {
    package var status: String { result.status }
}

extension ShownJob {
    /// `nil` for a word of a later server.
    package var state: JobState? { JobState(rawValue: status) }
    package var hasEnded: Bool { state?.isEnd ?? false }
}
