package import HTTPTypes
package import SyncAPI
package import SyncModel

/// An error answer, as described in Contract.md, "Errors".
package struct APIError: Error, Sendable {
    package var status: HTTPResponse.Status
    /// The sentence in `error`.
    package var message: String
    package var details: Details?
    package var headers: HTTPFields
    /// The answer is sent before the body is read: say `Connection: close`.
    package var closesConnection: Bool

    package enum Details: Sendable {
        case text(String)
        /// The first violations, and how many there are in all.
        case violations([Violation], errorCount: Int)
    }

    package init(
        _ status: HTTPResponse.Status, _ message: String, details: Details? = nil, headers: HTTPFields = [:],
        closesConnection: Bool = false
    ) {
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers
        self.closesConnection = closesConnection
    }

    /// 400 with a sentence of details.
    package static func badRequest(_ details: String) -> APIError {
        APIError(.badRequest, "Invalid request format", details: .text(details))
    }

    /// 404 for something that does not exist.
    package static func notFound(_ what: String) -> APIError {
        APIError(.notFound, "\(what) not found")
    }

    /// 503 with `Retry-After` in seconds.
    package static func unavailable(_ details: String, retryAfter: Int) -> APIError {
        APIError(
            .serviceUnavailable, "Service temporarily unavailable", details: .text(details),
            headers: [.retryAfter: String(retryAfter)], closesConnection: true)
    }

    /// What went wrong, in one line for the log; violations are left out, since they may hold users' data.
    var sentence: String {
        if case .text(let text) = details { "\(message): \(text)" } else { message }
    }

    /// The body.
    package func document(requestID: String, now: Timestamp) -> ErrorDocument {
        var document = ErrorDocument()
        document.error = message
        document.timestamp = now
        document.requestID = requestID
        switch details {
        case .text(let text): document.details = .sentence(text)
        case .violations(let violations, let count):
            document.details = .violations(violations)
            document.errorCount = count
        case nil: break
        }
        return document
    }
}
