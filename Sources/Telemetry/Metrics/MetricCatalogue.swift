import Synchronization

/// The descriptions of metrics by name.
package final class MetricCatalogue: Sendable {
    /// The process's, which `Metric` fills.
    package static let shared = MetricCatalogue()

    private let descriptions: Mutex<[String: MetricDescription]>

    package init(_ descriptions: [String: MetricDescription] = [:]) { self.descriptions = Mutex(descriptions) }

    package func add(_ name: String, _ description: MetricDescription) {
        descriptions.withLock { $0[name] = description }
    }

    package subscript(name: String) -> MetricDescription? { descriptions.withLock { $0[name] } }
}
