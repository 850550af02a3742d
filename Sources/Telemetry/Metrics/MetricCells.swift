import Metrics
import Synchronization

/// The cells that hold the numbers: atomics, so that counting never waits. One cell per series, shared by everyone who names it.

final class CounterCell: CounterHandler, Sendable {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }
    /// A counter only goes up: zero and negative amounts are ignored.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }
    func reset() { count.store(0, ordering: .relaxed) }
}

/// A floating-point number that several threads may add to.
struct AtomicDouble: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
    borrowing func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    borrowing func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}

final class FloatingPointCounterCell: FloatingPointCounterHandler, Sendable {
    private let sum = AtomicDouble()

    var value: Double { sum.value }
    /// A counter only goes up, and stays finite.
    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        sum.add(amount)
    }
    func reset() { sum.store(0) }
}

final class GaugeCell: MeterHandler, RecorderHandler, Sendable {
    private let level = AtomicDouble()

    var value: Double { level.value }
    func set(_ value: Int64) { level.store(Double(value)) }
    func set(_ value: Double) { level.store(value) }
    func increment(by amount: Double) { level.add(amount) }
    func decrement(by amount: Double) { level.add(-amount) }
    func record(_ value: Int64) { level.store(Double(value)) }
    func record(_ value: Double) { level.store(value) }
}

final class HistogramCell: TimerHandler, RecorderHandler, Sendable {
    /// Atomics cannot be copied, so the array holds them boxed.
    private final class Count: Sendable {
        let value = Atomic<UInt64>(0)
    }

    let bounds: [Double]
    /// One per bound and one for what exceeds the last; not cumulative.
    private let counts: [Count]
    private let sum = AtomicDouble()

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = (0...bounds.count).map { _ in Count() }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        guard !value.isNaN else { return }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        counts[low].value.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    /// The cumulative count of each bucket, and the sum of the values. The total count is the last bucket, so the two never
    /// contradict each other; the sum may lag behind by what is just being recorded.
    var values: (cumulative: [UInt64], sum: Double) {
        var total: UInt64 = 0
        let cumulative = counts.map { count in
            total += count.value.load(ordering: .relaxed)
            return total
        }
        return (cumulative, sum.value)
    }
}
