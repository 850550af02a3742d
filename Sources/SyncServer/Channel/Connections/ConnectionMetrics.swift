import Metrics
import Telemetry

/// The metrics of connections, made once.
struct ConnectionMetrics: Sendable {
    private let open = Metric("usersync_connections", "Connections of callers that are open.").gauge()
    private let closed: [ConnectionRegister.Reason: Counter]

    init() {
        let closed = Metric(
            "usersync_connections_closed_total",
            "Connections the server closed on callers: too many of them, idle, a body too slow, an answer not taken, too much sent."
        )
        self.closed = Dictionary(
            uniqueKeysWithValues: ConnectionRegister.Reason.allCases.map { ($0, closed.counter(("reason", $0.rawValue))) })
        open.record(0)
    }

    func count(_ connections: Int) { open.record(connections) }
    func closed(_ reason: ConnectionRegister.Reason) { closed[reason]?.increment() }
}
