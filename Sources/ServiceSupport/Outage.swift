package import Logging

/// Something that may fail for a while: logs once when it begins to fail and once when it works again.
package struct Outage: Sendable {
    private let what: String
    private let logger: Logger
    /// It failed when last tried.
    package private(set) var isOn = false

    /// - Parameter what: the subject of "… failed and is tried again" (`Pruning the queue`).
    package init(_ what: String, _ logger: Logger) {
        self.what = what
        self.logger = logger
    }

    /// Being stopped is not a failure: a `CancellationError` is ignored.
    package mutating func failed(_ error: any Error) {
        guard !isOn, !(error is CancellationError) else { return }
        isOn = true
        logger.error("\(what) failed and is tried again", metadata: ["error": "\(error)"])
    }

    package mutating func worked() {
        guard isOn else { return }
        isOn = false
        logger.notice("\(what) works again")
    }
}
