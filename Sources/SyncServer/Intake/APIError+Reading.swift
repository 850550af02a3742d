import HTTPTypes
import SyncModel

extension APIError {
    /// 400 listing the rules that the body breaks, as Joi does.
    static func refused(_ violations: Violations) -> APIError {
        APIError(
            .badRequest, "Invalid request format",
            details: .violations(violations.first, errorCount: violations.count))
    }

    /// 400 with one violation that the reader does not check.
    static func violation(_ path: [String], _ message: String, _ type: String) -> APIError {
        let violation = Violation(path: path.map { .key($0) }, message: message, type: type)
        return APIError(.badRequest, "Invalid request format", details: .violations([violation], errorCount: 1))
    }

    /// The error for a body that cannot be read further.
    static func unreadable(_ error: RequestReadError) -> APIError {
        switch error {
        case .malformed(let syntax): SubmissionHeaders.early(syntax.description)
        case .tooManyUsers(let limit):
            BodyLimit.tooLarge("A request may hold at most \(limit) users (MAX_USERS_PER_REQUEST)")
        case .tooLarge(let limit): BodyLimit.tooLarge("The body of a removal may have at most \(limit) bytes")
        }
    }
}
