/// A rule of the request format that a body breaks, in the form of an entry of Joi's `error.details`.
package struct Violation: Sendable, Hashable {
    /// A step on the path to the value.
    package enum PathElement: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    /// The path from the body to the value; empty for the body itself.
    package var path: [PathElement]
    /// `"users[17].email" must be a valid email`. Contains only names of the format, no value of the body.
    package var message: String
    /// Joi's name of the rule, such as `string.email`; `object.duplicate` and `object.size` are usersync's own.
    package var type: String

    package init(path: [PathElement], message: String, type: String) {
        self.path = path
        self.message = message
        self.type = type
    }
}

/// The violations of one body: the first of them, and how many there are.
package struct Violations: Sendable, Hashable {
    /// The most that are kept.
    package static let kept = 100

    /// Violations outside the users, and those of users; at most `kept` of each.
    private var ofEnvelope: [Violation] = []
    private var ofUsers: [Violation] = []
    /// How many there are in total; `errorCount` of the answer.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// At most `kept` violations: those of the envelope first, so that one wrong field in every user cannot hide them, then those
    /// of users; each in the order of the body, and within an object in the order of its rules.
    package var first: [Violation] { ofEnvelope + ofUsers.prefix(Violations.kept - ofEnvelope.count) }

    /// Counts one more at `path`; `make` is called only if it may be kept.
    mutating func add(at path: [Violation.PathElement], _ make: @autoclosure () -> Violation) {
        if path.count > 1, path[0] == .key("users") {
            if ofUsers.count < Violations.kept { ofUsers.append(make()) }
        } else if ofEnvelope.count < Violations.kept {
            ofEnvelope.append(make())
        }
        count += 1
    }
}
