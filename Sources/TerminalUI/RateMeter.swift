import SyncModel

/// Things per second over the last few seconds.
package struct RateMeter {
    private var samples: [(at: ContinuousClock.Instant, done: Int)] = []
    private let window: Duration = .seconds(5)

    package init() {}

    package mutating func rate(at now: ContinuousClock.Instant, done: Int) -> Double {
        samples.append((now, done))
        // Keeps one sample from before the window, to measure a slow counter against.
        while samples.count > 2, now - samples[1].at > window { samples.removeFirst() }
        guard let first = samples.first, done > first.done else { return 0 }
        return Double(done.saturatingSubtract(first.done)) / max(0.001, (now - first.at).inSeconds)
    }
}
