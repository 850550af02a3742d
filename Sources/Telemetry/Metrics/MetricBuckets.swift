/// Tables of histogram buckets, in seconds.
package enum MetricBuckets {
    /// What a caller waits for: half a millisecond to ten seconds.
    package static let latency: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// One attempt over the network, up to its time limit.
    package static let attempt: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]
    /// Background work: ten milliseconds to an hour.
    package static let job: [Double] = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600]
}
