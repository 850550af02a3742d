import JobQueue
import SyncModel

/// For each destination with pending deliveries the earliest time at which one that nobody holds may be due: so a query of the outbox
/// reads only of destinations that have something for it, however many others wait.
///
/// A time may be too early, which costs a look that finds nothing; it is never too late.
struct DueDestinations: Sendable {
    private var earliest: [String: Timestamp] = [:]
    /// Since `startReading`; `nil` before and afterwards.
    private var lowered: [String: Timestamp]?
    /// Whether the destinations that the table had at the start, or at the last `reload`, are among them.
    private(set) var areLoaded = false

    mutating func load(_ destinations: [String]) {
        for destination in destinations { lower(destination, to: Timestamp(microseconds: .min)) }
        areLoaded = true
    }

    /// Has them read from the table once more: due times have changed in it.
    mutating func reload() { areLoaded = false }

    /// Notes that a delivery may be due at `time`.
    mutating func lower(_ destination: String, to time: Timestamp) {
        earliest[destination] = min(time, earliest[destination] ?? time)
        let before = lowered?[destination]
        lowered?[destination] = min(time, before ?? time)
    }

    /// Whether a delivery that is due at `time` is looked for by then.
    func isKnown(_ destination: String, by time: Timestamp) -> Bool { earliest[destination].map { $0 <= time } ?? false }

    /// Those of which something may be due, the longest overdue first.
    func due(at now: Timestamp, for query: DeliveryQuery) -> [(name: String, since: Timestamp)] {
        earliest.lazy.filter { $0.value <= now && !query.excludes($0.key) }
            .map { (name: $0.key, since: $0.value) }.sorted { ($0.since, $0.name) < ($1.since, $1.name) }
    }

    /// Called before the table is read; `stopReading` must follow.
    mutating func startReading() { lowered = [:] }

    mutating func stopReading() { lowered = nil }

    /// Sets the earliest time that was read since `startReading`. What was noted meanwhile counts too: the read may not have seen
    /// it.
    /// - Parameter time: `nil` if nothing of it is pending but what is held.
    mutating func read(_ destination: String, _ time: Timestamp?) {
        earliest[destination] = [time, lowered?[destination]].compactMap(\.self).min()
    }
}
