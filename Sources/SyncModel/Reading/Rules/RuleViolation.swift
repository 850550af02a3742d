/// A broken rule, in Joi's words (`lib/types/*.js` and `lib/errors.js` of Joi 17) if Joi has the rule.
enum RuleViolation: Sendable, Equatable {
    case required
    case empty
    case notString
    case notBoolean
    case notArray
    case notObject
    case notContainer
    case notContainerOrText
    case notEmail
    case notDate
    case tooLong(Int)
    /// Anything except this operation.
    case notOperation(Operation)
    /// Anything except a `SyncMode`.
    case notMode
    /// Another text than the member of this name has.
    case differs(from: String)
    /// What it says about `users` must be known before they arrive.
    case afterUsers
    /// A text that says nothing as an id (`PersonID.isNone`).
    case notID
    /// An empty list where that cannot be meant.
    case noItems
    /// A known key is given twice.
    case repeated
    /// The value takes more bytes of JSON than this.
    case tooLarge(Int)

    /// Joi's `type`.
    var type: String {
        switch self {
        case .required: "any.required"
        case .empty: "string.empty"
        case .notString: "string.base"
        case .notBoolean: "boolean.base"
        case .notArray: "array.base"
        case .notObject: "object.base"
        case .notContainer, .notContainerOrText: "alternatives.types"
        case .notEmail: "string.email"
        case .notDate: "string.isoDate"
        case .tooLong: "string.max"
        case .notOperation, .notMode, .differs: "any.only"
        case .afterUsers: "object.order"
        case .notID: "any.invalid"
        case .noItems: "array.min"
        case .repeated: "object.duplicate"
        case .tooLarge: "object.size"
        }
    }

    /// The part of the message after the label.
    private var predicate: String {
        switch self {
        case .required: "is required"
        case .empty: "is not allowed to be empty"
        case .notString: "must be a string"
        case .notBoolean: "must be a boolean"
        case .notArray: "must be an array"
        case .notObject: "must be of type object"
        case .notContainer: "must be an array or object"
        case .notContainerOrText: "must be an array, object or string"
        case .notEmail: "must be a valid email"
        case .notDate: "must be in ISO 8601 date format"
        case .tooLong(let limit): "length must be less than or equal to \(limit) characters long"
        case .notOperation(let operation): "must be [\(operation.rawValue)]"
        case .notMode: "must be one of [\(SyncMode.allCases.map(\.rawValue).joined(separator: ", "))]"
        case .differs(let other): "must be equal to \(other)"
        case .afterUsers: "must come before users"
        case .notID: "must be an id, not blank, undefined or null"
        case .noItems: "must contain at least 1 items"
        case .repeated: "is given twice"
        case .tooLarge(let limit): "must not be larger than \(limit) bytes of JSON"
        }
    }

    /// The violation of this rule at `path`. Joi labels the body itself `value`.
    func violation(at path: [Violation.PathElement]) -> Violation {
        var label = ""
        for element in path {
            switch element {
            case .key(let key): label += label.isEmpty ? key : ".\(key)"
            case .index(let index): label += "[\(index)]"
            }
        }
        return Violation(path: path, message: "\"\(label.isEmpty ? "value" : label)\" \(predicate)", type: type)
    }
}
