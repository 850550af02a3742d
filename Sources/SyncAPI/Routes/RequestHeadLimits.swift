/// How large the head of a request may be, and the trailers of its body.
package enum RequestHeadLimits {
    /// Bytes of the request target.
    package static let target = 16 << 10
    /// Bytes of a field, its name included.
    package static let field = 16 << 10
    /// Bytes of the whole head, or of all trailers, with the line ends and the final empty line.
    package static let head = 32 << 10
    /// Fields of a head, or trailers.
    package static let fields = 100
}
