package import Metrics

/// A metric of ours. It is declared beside the code that counts, with what `/metrics` says about it, and nowhere else.
package struct Metric: Sendable {
    private let name: String

    /// - Parameters:
    ///   - name: as shown: a counter's ends in `_total`, a timer's in `_seconds`.
    ///   - help: the `# HELP` line.
    ///   - buckets: a timer's, in seconds.
    package init(_ name: String, _ help: String, buckets: [Double] = MetricBuckets.latency) {
        self.name = name
        MetricCatalogue.shared.add(name, MetricDescription(help, buckets: buckets))
    }

    /// - Parameter labels: each combination of their values is a number of its own, so they must have few.
    package func counter(_ labels: (String, String)...) -> Counter { Counter(label: name, dimensions: labels) }

    /// A histogram of durations.
    package func timer(_ labels: (String, String)...) -> Timer { Timer(label: name, dimensions: labels) }

    package func gauge(_ labels: (String, String)...) -> Gauge { Gauge(label: name, dimensions: labels) }
}
