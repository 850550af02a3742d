import DequeModule
import SyncModel

/// What a destination took since it last asked to wait. A value, told the time.
struct TakenHistory: Sendable, Hashable {
    /// When it took the last of them.
    private var times: Deque<Timestamp> = []
    private(set) var count = 0
    private(set) var first: Timestamp?

    /// Of so many the times are remembered, of the last seconds.
    private static let most = 2048
    private static let memory: Double = 15

    mutating func took(at now: Timestamp) {
        if first == nil { first = now }
        count += 1
        times.append(now)
        while let first = times.first, times.count > Self.most || now.seconds(since: first) >= Self.memory { times.removeFirst() }
    }

    /// How many it took in so many seconds up to `now`, at most `memory`.
    func count(last seconds: Double, to now: Timestamp) -> Int {
        times.reversed().prefix { now.seconds(since: $0) <= seconds }.count
    }

    /// The rate at which something refills that holds `burst` deliveries when it is full, if it was full once and is empty now: what was
    /// taken is `burst` more than came in, over no time by more. 0 if `burst` explains all of it.
    /// - Parameter burst: as a function of the rate.
    func refillRate(burst: (Double) -> Double, at now: Timestamp, below most: Double) -> Double {
        var (low, high) = (0.0, most)
        for _ in 0..<24 {
            let middle = (low + high) / 2
            if need(at: middle, now) > burst(middle) { low = middle } else { high = middle }
        }
        return low
    }

    /// How many deliveries it must have held to take what it took, refilled at `rate`: it became empty between the last that it took and
    /// the one that it refused now.
    private func need(at rate: Double, _ now: Timestamp) -> Double {
        var need = 0.0
        for (number, time) in times.reversed().enumerated() {
            need = max(need, Double(number) + 1.5 - rate * now.seconds(since: time))
        }
        return need
    }
}
