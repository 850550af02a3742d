/// Why a request body cannot be read further. A mere breach of a rule is a `Violation` instead.
package enum RequestReadError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not JSON according to RFC 8259; a 400.
    case malformed(RequestSyntaxError)
    /// More users than `MAX_USERS_PER_REQUEST`; a 413.
    case tooManyUsers(limit: Int)
    /// A removal's body is larger than `limit` bytes; a 413.
    case tooLarge(limit: Int)

    /// A sentence for the caller; it contains nothing of the body.
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
    /// The position in the (inflated) body, from 0, of the first invalid byte; the body's length if it ends too early. For a bad
    /// escape it is the backslash, for bad UTF-8 the first byte of the ill-formed sequence.
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
