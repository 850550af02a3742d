import Metrics

/// `usersync_connections` and `usersync_connections_closed_total`.
struct ConnectionMetrics: Sendable {
    private let open = Gauge(label: "usersync_connections")
    private let closed: [ConnectionRegister.Reason: Counter]

    init() {
        closed = Dictionary(
            uniqueKeysWithValues: ConnectionRegister.Reason.allCases.map { reason in
                (reason, Counter(label: "usersync_connections_closed_total", dimensions: [("reason", reason.rawValue)]))
            })
        open.record(0)
    }

    func count(_ connections: Int) { open.record(connections) }
    func closed(_ reason: ConnectionRegister.Reason) { closed[reason]?.increment() }
}
