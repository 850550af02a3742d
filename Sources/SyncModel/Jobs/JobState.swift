/// The state of a job. It only moves to the right: queued → running → one of the four end states.
package enum JobState: String, Sendable, Hashable, CaseIterable {
    /// Accepted and on disk; no batch has been started.
    case queued
    /// At least one batch has been leased.
    case running
    /// Every user was applied.
    case completed
    /// Some or all users failed; the others were applied.
    case completedWithErrors = "completed_with_errors"
    /// The job could not be carried out.
    case failed
    /// Ended on request; what was committed stays.
    case cancelled

    /// True for the states that no job leaves.
    package var isEnd: Bool {
        switch self {
        case .queued, .running: false
        case .completed, .completedWithErrors, .failed, .cancelled: true
        }
    }

    /// The `success` a caller sees: false for failed and cancelled jobs only.
    package var isSuccess: Bool { self != .failed && self != .cancelled }

    /// The end state of a job without open batches.
    package static func end(of counts: JobCounts, cancelRequested: Bool) -> JobState {
        if cancelRequested, counts.cancelled > 0 { return .cancelled }
        return counts.failed > 0 ? .completedWithErrors : .completed
    }
}
