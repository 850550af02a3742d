/// Asks the connection to tell the caller to go on with the body (`100 Continue`), where the caller waits for that.
package struct ContinueEvent: Sendable {
    package init() {}
}

/// Ends the body that is arriving as if it were complete; what still comes is discarded. The reader knows that it asked for this.
package struct CutOffEvent: Sendable {
    package init() {}
}

/// The connection has to make room for another: who is still sending is answered that there are too many, everybody else is closed on.
struct LeaveEvent: Sendable {}

/// A body that is not as it should be, or that ends before its end. Comes to whoever reads it.
struct BrokenBody: Error, Equatable {
    let refusal: WireRefusal
}
