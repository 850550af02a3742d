import Logging

/// Something that may fail for a while: told once when it begins and once when it is over.
struct Outage {
    private let what: String
    private let logger: Logger
    private(set) var isOn = false

    /// - Parameter what: the subject of "… failed and is tried again" (`Pruning the queue`).
    init(_ what: String, _ logger: Logger) {
        self.what = what
        self.logger = logger
    }

    mutating func failed(_ error: any Error) {
        // Being stopped is no failure.
        guard !isOn, !(error is CancellationError) else { return }
        isOn = true
        logger.error("\(what) failed and is tried again", metadata: ["error": "\(error)"])
    }

    mutating func worked() {
        guard isOn else { return }
        isOn = false
        logger.notice("\(what) works again")
    }
}
