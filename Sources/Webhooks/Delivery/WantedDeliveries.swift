/// The deliveries of which a person wants an attempt now, in the order asked for.
struct WantedDeliveries: Sendable {
    private(set) var waiting: [(id: String, destination: String)] = []
    /// Of all that wait, to know of each attempt in no time that it is none of them.
    private var ids: Set<String> = []

    /// More are not kept apart: they are sent like all others.
    private static let most = 4096
    /// Of them those of one destination, so that it does not crowd out another's.
    static let mostOfDestination = 1024

    mutating func add(_ id: String, to destination: String) {
        guard waiting.count < Self.most, !ids.contains(id),
            waiting.count(where: { $0.destination == destination }) < Self.mostOfDestination
        else { return }
        waiting.append((id, destination))
        ids.insert(id)
    }

    mutating func remove(_ id: String) {
        if ids.remove(id) != nil { waiting.removeAll { $0.id == id } }
    }
}
