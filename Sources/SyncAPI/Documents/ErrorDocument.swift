package import SyncModel

/// Every error (Contract.md, "Errors").
package struct ErrorDocument: JSONDocument {
    package var success = false
    package var error = ""
    package var timestamp: Timestamp?
    package var details: Details?
    /// How many violations there are in all.
    package var errorCount: Int?
    package var requestID = ""

    package enum Details: JSONValueType, Hashable {
        case sentence(String)
        case violations([Violation])

        package func write(to json: inout JSONWriter) {
            switch self {
            case .sentence(let text): text.write(to: &json)
            case .violations(let violations): violations.write(to: &json)
            }
        }

        package static func read(from decoder: any Decoder) throws -> Details {
            if let text = try? String.read(from: decoder) { return .sentence(text) }
            return .violations(try [Violation].read(from: decoder))
        }
    }

    package init() {}

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.required("error", &error)
        try coder.nullable("timestamp", &timestamp)
        try coder.optional("details", &details)
        try coder.optional("errorCount", &errorCount)
        try coder.member("requestId", &requestID)
    }
}

extension Violation: JSONDocument {
    package init() { self.init(path: [], message: "", type: "") }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("path", &path)
        try coder.required("message", &message)
        try coder.member("type", &type)
    }
}

extension Violation.PathElement: JSONValueType {
    package func write(to json: inout JSONWriter) {
        switch self {
        case .key(let key): key.write(to: &json)
        case .index(let index): index.write(to: &json)
        }
    }

    package static func read(from decoder: any Decoder) throws -> Violation.PathElement {
        if let index = try? Int(from: decoder) { return .index(index) }
        return .key(try String(from: decoder))
    }
}

extension ErrorDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "Error", "Every error.",
            [
                "success": .constant(false),
                "error": "Error description.",
                "timestamp": .always(),
                "details": "An array if rules of the request format were broken, else a sentence.",
                "errorCount": "How many violations there are in all, if details is an array.",
            ])
    }
}

extension Violation {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "Violation", "A rule of the request format that was broken.", ["type": "Joi's word: string.email, any.required, …"])
    }
}
