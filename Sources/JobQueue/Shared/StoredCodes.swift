package import SyncModel

/// The integers that stand for states and operations in the tables. Never change one: files contain them.
extension JobState {
    package var code: Int {
        switch self {
        case .queued: 0
        case .running: 1
        case .completed: 2
        case .completedWithErrors: 3
        case .failed: 4
        case .cancelled: 5
        }
    }

    /// The codes of those that a job leaves, as SQL lists them.
    package static let openCodes = JobState.allCases.filter { !$0.isEnd }.map { "\($0.code)" }.joined(separator: ", ")

    package init(code: Int) {
        // An unknown code cannot occur: only this file's writer wrote it.
        self = JobState.allCases.first { $0.code == code } ?? .failed
    }
}

extension Operation {
    package var code: Int {
        switch self {
        case .userSync: 0
        case .userRemoval: 1
        }
    }

    package init(code: Int) { self = code == Operation.userRemoval.code ? .userRemoval : .userSync }
}

extension DeliveryState {
    package var code: Int {
        switch self {
        case .pending: 0
        case .delivered: 1
        case .dead: 2
        }
    }

    package init(code: Int) { self = DeliveryState.allCases.first { $0.code == code } ?? .dead }
}
