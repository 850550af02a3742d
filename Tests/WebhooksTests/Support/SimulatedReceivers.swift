@testable import Webhooks

/// A receiver that takes so many in each of its windows, and asks for patience otherwise.
struct WindowReceiver {
    var limit: Int
    var window: Double
    /// The beginning of the first window, 0 to 1 of its length before the start.
    var phase: Double = 0
    private var taken: [Int: Int] = [:]

    init(limit: Int, window: Double, phase: Double = 0) {
        (self.limit, self.window, self.phase) = (limit, window, phase)
    }

    /// - Parameter wait: seconds that it asks for; `nil`: until the next window.
    mutating func answer(at now: Double, wait: Double?) -> DestinationAnswer {
        let place = now / window + phase
        let number = Int(place)
        guard taken[number, default: 0] < limit else {
            return .wait(seconds: wait ?? ((Double(number + 1) - place) * window).rounded(.up))
        }
        taken[number, default: 0] += 1
        return .taken
    }

    /// What its answers say of how many more it takes.
    func quota(at now: Double) -> ReceiverQuota? {
        let place = now / window + phase
        let left = (Double(Int(place) + 1) - place) * window
        return ReceiverQuota(remaining: limit - taken[Int(place), default: 0], seconds: left.rounded(.up))
    }
}

/// A receiver with an allowance of `size` that refills evenly.
struct BucketReceiver {
    var size: Double
    /// A second.
    var rate: Double
    private var level: Double
    private var lookedAt = 0.0

    init(size: Double, rate: Double) { (self.size, self.rate, level) = (size, rate, size) }

    mutating func answer(at now: Double, wait: Double) -> DestinationAnswer {
        level = min(size, level + rate * (now - lookedAt))
        lookedAt = now
        guard level >= 1 else { return .wait(seconds: wait) }
        level -= 1
        return .taken
    }
}
