/// Asks the connection to send `100 Continue`, if the caller waits for it before it sends the body.
package struct ContinueEvent: Sendable {
    package init() {}
}

/// Ends the body that is arriving as if it were complete; the rest is discarded. The reader knows that it asked for this.
package struct CutOffEvent: Sendable {
    package init() {}
}

/// The connection must make room for another: a caller still sending gets a 503, one whose answer is due has a moment for it, and a
/// wait for a result ends. Any other connection is just closed.
struct LeaveEvent: Sendable {}

/// The answer to the request under way waits for something else than its caller.
struct WaitEvent: Sendable {
    /// Has it be answered at once. May be called more than once.
    let end: @Sendable () -> Void
}

/// A malformed or truncated body, as its reader sees it.
struct BrokenBody: Error, Equatable {
    let refusal: WireRefusal
}
