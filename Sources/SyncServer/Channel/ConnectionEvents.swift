/// Asks the connection to send `100 Continue`, if the caller waits for it before it sends the body.
package struct ContinueEvent: Sendable {
    package init() {}
}

/// Ends the body that is arriving as if it were complete; the rest is discarded. The reader knows that it asked for this.
package struct CutOffEvent: Sendable {
    package init() {}
}

/// The connection must make room for another: a caller still sending gets a 503, any other connection is just closed.
struct LeaveEvent: Sendable {}

/// A malformed or truncated body, as its reader sees it.
struct BrokenBody: Error, Equatable {
    let refusal: WireRefusal
}
