import HTTPTypes
import SyncAPI
import SyncModel

/// Why bytes are not a request, or not one that is carried out. The connection answers it and closes: where the next request
/// would begin is unknown, or not to be trusted.
enum WireRefusal: Error, Sendable, Equatable {
    /// Violates RFC 9112; the text says how.
    case malformed(String)
    /// A method that RFC 9110 does not name.
    case unknownMethod
    /// CONNECT: this server opens no tunnels.
    case tunnel
    /// A transfer coding other than `chunked`.
    case unknownCoding
    /// A major version other than 1.
    case unknownVersion
    case targetTooLong(limit: Int)
    /// Fields of a head, or trailers.
    case headTooLarge(String)
    /// There are too many connections, and this one must make room.
    case crowded

    /// The answer.
    var apiError: APIError {
        switch self {
        case .malformed(let text):
            APIError(.badRequest, "Invalid request format", details: .text(text), closesConnection: true)
        case .unknownMethod:
            APIError(.notImplemented, "Not implemented", details: .text("The method is not known"), closesConnection: true)
        case .tunnel:
            APIError(.methodNotAllowed, "Method not allowed", headers: [.allow: RouteTable.methods], closesConnection: true)
        case .unknownCoding:
            APIError(
                .notImplemented, "Not implemented", details: .text("The only Transfer-Encoding known is chunked"),
                closesConnection: true)
        case .unknownVersion:
            APIError(
                HTTPResponse.Status(code: 505, reasonPhrase: "HTTP Version Not Supported"), "HTTP version not supported",
                details: .text("HTTP/1.1 and HTTP/1.0 are"), closesConnection: true)
        case .targetTooLong(let limit):
            APIError(
                HTTPResponse.Status(code: 414, reasonPhrase: "URI Too Long"), "URI too long",
                details: .text("A request target may have at most \(limit) bytes"), closesConnection: true)
        case .headTooLarge(let text):
            APIError(
                HTTPResponse.Status(code: 431, reasonPhrase: "Request Header Fields Too Large"),
                "Request header fields too large", details: .text(text), closesConnection: true)
        case .crowded:
            .unavailable("There are too many connections, and nothing came on this one for longest", retryAfter: 5)
        }
    }
}
