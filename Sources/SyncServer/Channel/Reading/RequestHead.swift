import HTTPTypes

/// The head of a request, and what it says about its connection and its body.
struct RequestHead: Sendable, Hashable {
    /// How long the body is (RFC 9112, section 6.3).
    enum BodyLength: Sendable, Hashable {
        case bytes(Int)
        case chunked
    }

    var request: HTTPRequest
    /// HTTP/1.0: no chunks either way, and the connection ends with the answer unless the caller asked to keep it.
    var isHTTP10: Bool
    /// Whether the caller wants to send another request after this one.
    var keepsAlive: Bool
    /// Whether the caller waits for `100 Continue` before it sends the body.
    var awaitsContinue: Bool
    var body: BodyLength
}
