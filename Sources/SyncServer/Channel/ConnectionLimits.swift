package import NIOCore

/// How much a caller may take of a connection, and how slowly.
package struct ConnectionLimits: Sendable {
    /// How long a connection may do without a request; the head of one has to come whole within it.
    package var headTime: TimeAmount = .seconds(75)
    /// How long a connection on which a good key came may wait for the next request: longer than any common proxy keeps one open,
    /// which would otherwise send a request just as it closes.
    package var keepAliveTime: TimeAmount = .seconds(650)
    /// How long a body that nobody wants is discarded, or what comes behind the last answer.
    package var discardTime: TimeAmount = .seconds(2)
    package var discardBytes = 64 << 20
    /// A body must bring `progressBytes` in every `progressTime`.
    package var progressTime: TimeAmount = .seconds(60)
    package var progressBytes = 1024
    /// How long an answer may wait for a caller who takes nothing of it.
    package var writeTime: TimeAmount = .seconds(30)

    package init() {}
}
