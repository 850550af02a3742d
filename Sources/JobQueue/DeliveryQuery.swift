/// Which of the deliveries that are due the courier wants.
package struct DeliveryQuery: Sendable, Hashable {
    package var limit: Int
    /// The most of one destination, so that a long backlog of one receiver does not take all places.
    package var perDestination: Int
    /// Values of `DeliveryHead.destination` of which none are wanted, because there is no room for them now. Several sets, so that
    /// large ones need not be joined for each query.
    package var excluded: [Set<String>]

    /// The only destinations of which any are wanted; `nil`: all.
    package var only: Set<String>?

    package init(limit: Int, perDestination: Int? = nil, excluded: [Set<String>] = []) {
        self.limit = limit
        self.perDestination = perDestination ?? limit
        self.excluded = excluded
    }

    package func excludes(_ destination: String) -> Bool {
        if let only, !only.contains(destination) { return true }
        return excluded.contains { $0.contains(destination) }
    }
}
