/// Why the reading of a request body cannot go on. What the body merely breaks of the rules is a `Violation` instead.
package enum RequestReadError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not JSON as RFC 8259 has it; a 400.
    case malformed(RequestSyntaxError)
    /// More users than `MAX_USERS_PER_REQUEST`; a 413.
    case tooManyUsers(limit: Int)
    /// A removal's body is larger than `limit` bytes; a 413.
    case tooLarge(limit: Int)

    /// A sentence for the caller; it holds nothing of the body.
    package var description: String {
        switch self {
        case .malformed(let error): error.description
        case .tooManyUsers(let limit): "A request may hold at most \(limit) users"
        case .tooLarge(let limit): "The body may hold at most \(limit) bytes"
        }
    }
}

/// Where a body stops being JSON, and why.
package struct RequestSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Position in the (inflated) body, from 0, of the first byte that cannot stand there; the body's length where it ends too
    /// early. A bad escape is named by its backslash, bad UTF-8 by the first byte of the ill-formed sequence.
    package let offset: Int
    /// What is wrong, such as `expected ',' or '}'`.
    package let problem: String

    package init(offset: Int, problem: String) {
        self.offset = offset
        self.problem = problem
    }

    /// `Malformed JSON at byte 1234: expected ',' or '}'`.
    package var description: String { "Malformed JSON at byte \(offset): \(problem)" }
}
