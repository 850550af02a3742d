package import Logging
import Metrics
package import SyncModel

/// Reports transitions that the states do not allow: each is logged as an error and counted by kind.
package struct TransitionAlarm: Sendable {
    private let logger: Logger
    private let counters: [ImpossibleTransition.Subject: Counter]
    private let stop: @Sendable (ImpossibleTransition) -> Void

    /// - Parameter stop: called after that; tests fail there.
    package init(logger: Logger, stop: @escaping @Sendable (ImpossibleTransition) -> Void = { _ in }) {
        self.logger = logger
        self.stop = stop
        let impossible = Metric(
            "usersync_impossible_transitions_total",
            "Moves that the states of a job, batch, lease, commit group or delivery do not allow; a defect if not 0.")
        counters = Dictionary(
            uniqueKeysWithValues: ImpossibleTransition.Subject.allCases.map {
                ($0, impossible.counter(("subject", $0.rawValue)))
            })
    }

    package func report(_ transition: ImpossibleTransition) {
        counters[transition.subject]?.increment()
        logger.error(
            "impossible transition",
            metadata: [
                "subject": .string(transition.subject.rawValue), "name": .string(transition.name),
                "state": .string(transition.state), "event": .string(transition.event),
            ])
        stop(transition)
    }
}
