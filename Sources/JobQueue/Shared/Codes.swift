package import SyncModel

/// The integers by which the tables name states and operations. Never change one: files hold them.
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

    package init(code: Int) {
        // A code of no state cannot be there: only this file's writer wrote it.
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
