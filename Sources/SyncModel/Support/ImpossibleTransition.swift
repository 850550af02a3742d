/// A move that the states do not allow: a defect of usersync's, or a store that something else has written to.
///
/// Whoever meets one changes nothing by it and reports it, rather than passing over it: it is logged as an error and counted, and it
/// fails the tests in which it happens unasked.
package struct ImpossibleTransition: Error, Hashable, CustomStringConvertible {
    /// What was to move.
    package enum Subject: String, Sendable, CaseIterable {
        case job, batch, lease, delivery
        case commitGroup = "commit_group"
    }

    package var subject: Subject
    /// Which one.
    package var name: String
    /// The state that it is in.
    package var state: String
    /// What was to happen to it.
    package var event: String

    package init(_ subject: Subject, _ name: String, in state: String, met event: String) {
        self.subject = subject
        self.name = name
        self.state = state
        self.event = event
    }

    package var description: String { "\(subject.rawValue) \(name) is \(state) and met \(event)" }
}
