package import NIOCore

/// How much a caller may use of a connection, and how slowly.
package struct ConnectionLimits: Sendable {
    /// How long a connection may stay open without a request; a request's head must arrive whole within it.
    package var headTime: TimeAmount = .seconds(75)
    /// How long a connection that has carried a good key may wait for its next request: longer than any common proxy keeps an
    /// idle one open. Otherwise a proxy could send a request just as the server closes.
    package var keepAliveTime: TimeAmount = .seconds(650)
    /// How long an unwanted body, or whatever follows the last answer, is read and discarded.
    package var discardTime: TimeAmount = .seconds(2)
    package var discardBytes = 64 << 20
    /// A body must bring `progressBytes` in every `progressTime`.
    package var progressTime: TimeAmount = .seconds(60)
    package var progressBytes = 1024
    /// How long an answer may wait while the caller takes none of it.
    package var writeTime: TimeAmount = .seconds(30)

    package init() {}
}
