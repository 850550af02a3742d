/// What `/metrics` says about a metric besides its numbers, and its histogram's buckets.
package struct MetricDescription: Sendable {
    /// The name as shown (`usersync_webhook_attempt_seconds`).
    package var name: String
    /// The `# HELP` line.
    package var help: String
    /// Upper bounds of a histogram, ascending, without infinity; seconds for timers.
    package var buckets: [Double]

    package init(_ name: String, _ help: String, buckets: [Double] = Buckets.latency) {
        self.name = name
        self.help = help
        self.buckets = buckets
    }

    /// Bucket tables, in seconds except for `sizes`.
    package enum Buckets {
        /// What a caller waits for: half a millisecond to ten seconds.
        package static let latency: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
        /// A database commit: a tenth of a millisecond to some seconds.
        package static let commit: [Double] = [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
        ]
        /// One attempt over the network, up to its time limit.
        package static let attempt: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]
        /// Background work: ten milliseconds to an hour.
        package static let job: [Double] = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600]
        /// Numbers of things: users, rows, bytes.
        package static let sizes: [Double] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
    }
}
