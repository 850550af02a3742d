import SyncModel

extension OpenAPIDocument {
    static let headers: JSONValue = [
        "X-Request-ID": text("As received, or generated."),
        "Location": text("Path of the job."),
        "Retry-After": ["description": "Seconds.", "schema": ["type": "integer", "minimum": 0]],
        "Accept-Encoding": text("gzip, if another Content-Encoding was sent."),
        "Vary": text("Accept, which decides between JSON and NDJSON."),
        "WWW-Authenticate": text("The scheme by which a key may be sent."),
        "Idempotent-Replayed": ["description": "true if the job was accepted before.", "schema": ["const": "true"]],
        "Preference-Applied": text("wait=N, if it was asked for."),
        "RateLimit": text(
            "What is left and for how long. Absent if the rate limit does not govern the request, as with RATE_LIMIT_MAX=0."),
        "RateLimit-Policy": text("Submissions allowed and the window in seconds."),
        "X-RateLimit-Limit": whole("Submissions allowed in a window."),
        "X-RateLimit-Remaining": whole("What is left of them."),
        "X-RateLimit-Reset": whole("When the window ends, in seconds since 1970."),
    ]

    static let errorAnswers: [OpenAPIAnswer] = [
        error(
            400, "Something about the request is wrong; details says what.", OpenAPIExamples.invalid, headers: rateLimitHeaders),
        error(
            401, "No key, or not a good one.", OpenAPIExamples.error("Unauthorized - Invalid API key"),
            headers: ["WWW-Authenticate"]),
        error(
            403, "A good key that may not do this.",
            OpenAPIExamples.error("Forbidden", "This key may read and steer, not submit")),
        error(404, "It does not exist.", OpenAPIExamples.error("Job not found")),
        error(
            409,
            """
            The present state does not allow it, the first request with this Idempotency-Key is still arriving, or another request \
            with it came before this one had ended; in both cases of a key with Retry-After.
            """,
            OpenAPIExamples.error(
                "The job is still open", "The job is running. Its failed users can be retried once it has ended"),
            headers: ["Retry-After"]),
        error(
            413, "More than MAX_REQUEST_BYTES or MAX_USERS_PER_REQUEST, or a removal of more than 64 KiB.",
            OpenAPIExamples.error("Request too large"),
            headers: rateLimitHeaders),
        error(
            414, "The request target has more than \(RequestHeadLimits.target >> 10) KiB.", OpenAPIExamples.error("URI too long")),
        error(
            431,
            """
            A header field has more than \(RequestHeadLimits.field >> 10) KiB, the head more than \(RequestHeadLimits.head >> 10), or \
            it has more than \(RequestHeadLimits.fields) fields; trailers likewise.
            """,
            OpenAPIExamples.error("Request header fields too large")),
        error(
            501, "An unknown method or Transfer-Encoding.",
            OpenAPIExamples.error("Not implemented", "The only Transfer-Encoding known is chunked")),
        error(
            505, "A version of HTTP other than 1.1 and 1.0.",
            OpenAPIExamples.error("HTTP version not supported", "HTTP/1.1 and HTTP/1.0 are")),
        error(
            415, "Content-Type is not application/json, or Content-Encoding not gzip.",
            OpenAPIExamples.error("Unsupported media type", "Content-Type must be application/json"),
            headers: ["Accept-Encoding"]),
        error(
            422, "The Idempotency-Key was used with another body.", OpenAPIExamples.error("Idempotency-Key was used before")),
        error(
            429, "Too many submissions, or too many wrong keys.",
            OpenAPIExamples.error("Too many sync requests, please try again later"),
            headers: ["Retry-After"] + rateLimitHeaders),
        error(500, "A bug in the server; no request should cause it.", OpenAPIExamples.error("Internal server error")),
        error(
            503, "The queue is full or cannot be written, there are too many connections, or the server is stopping: try again.",
            OpenAPIExamples.error("Service temporarily unavailable", "The queue cannot be written at the moment"),
            headers: ["Retry-After"]),
    ]

    /// Headers of answers to submissions that the rate limit governs.
    static let rateLimitHeaders = [
        "RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
    ]

    private static func error(
        _ status: Int, _ description: String, _ example: JSONValue, headers: [String] = []
    ) -> OpenAPIAnswer {
        OpenAPIAnswer(status, description, .json(ErrorDocument.self, example: example), headers: headers)
    }

    private static func text(_ description: String) -> JSONValue {
        ["description": .string(description), "schema": ["type": "string"]]
    }

    private static func whole(_ description: String) -> JSONValue {
        ["description": .string(description), "schema": ["type": "integer"]]
    }
}
