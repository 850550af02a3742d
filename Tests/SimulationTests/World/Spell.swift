/// A time in which a destination of webhooks does not simply take what it is sent.
struct Spell: Sendable {
    enum Kind: Sendable, Hashable {
        /// Nobody listens.
        case down
        case fails(status: Int)
        /// It takes so many in a window of so many seconds, and answers the others with `status`.
        case limits(Int, seconds: Int, status: Int, says: Advice)
        /// It takes what it is sent, so many milliseconds later.
        case slow(Int)
    }

    /// What an answer says in `Retry-After`.
    enum Advice: Sendable, Hashable {
        case nothing
        /// The seconds until the next window.
        case truth
        case seconds(Int)
    }

    /// The number of the destination (`Scenario.origin`).
    var destination: Int
    /// Milliseconds from the beginning of the world.
    var start: Int
    var end: Int
    var kind: Kind
}
