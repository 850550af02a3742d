import SyncModel

/// Counts the users applied in each of the last 300 seconds.
struct Throughput: Sendable {
    private var perSecond = [Int](repeating: 0, count: 300)
    private var second: Int64 = .min

    mutating func add(_ users: Int, at now: Timestamp) {
        advance(to: now)
        perSecond[slot(second)] += users
    }

    /// Users per second over the last `seconds` (at most 299) full seconds.
    mutating func rate(over seconds: Int, at now: Timestamp) -> Double {
        advance(to: now)
        var sum = 0
        for back in 1...Int64(seconds) { sum += perSecond[slot(second - back)] }
        return Double(sum) / Double(seconds)
    }

    private func slot(_ second: Int64) -> Int { Int((second % 300 + 300) % 300) }

    private mutating func advance(to now: Timestamp) {
        let target = now.microseconds / 1_000_000
        guard target > second else { return }
        if second == .min || target - second >= 300 {
            perSecond = [Int](repeating: 0, count: 300)
        } else {
            for passed in (second + 1)...target { perSecond[slot(passed)] = 0 }
        }
        second = target
    }
}
