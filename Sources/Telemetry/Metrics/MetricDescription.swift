/// What `/metrics` says about a metric besides its numbers, and its histogram's buckets.
package struct MetricDescription: Sendable, Hashable {
    /// The `# HELP` line.
    package var help: String
    /// Upper bounds of a histogram's buckets, ascending, without infinity; in seconds for timers.
    package var buckets: [Double]

    package init(_ help: String, buckets: [Double] = MetricBuckets.latency) {
        self.help = help
        self.buckets = buckets
    }
}
