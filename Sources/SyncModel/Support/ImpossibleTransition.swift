/// A transition that the states do not allow: a defect of usersync, or a store that something else has written to.
///
/// Code that meets one changes nothing and reports it instead of ignoring it: it is logged as an error and counted, and it fails
/// any test in which it happens unexpectedly.
package struct ImpossibleTransition: Error, Hashable, CustomStringConvertible {
    /// The kind of thing that should have changed.
    package enum Subject: String, Sendable, CaseIterable {
        case job, batch, lease, delivery
        case commitGroup = "commit_group"
    }

    package var subject: Subject
    /// Which one.
    package var name: String
    /// The state it is in.
    package var state: String
    /// What should have happened to it.
    package var event: String

    package init(_ subject: Subject, _ name: String, in state: String, met event: String) {
        self.subject = subject
        self.name = name
        self.state = state
        self.event = event
    }

    package var description: String { "\(subject.rawValue) \(name) is \(state) and met \(event)" }
}
