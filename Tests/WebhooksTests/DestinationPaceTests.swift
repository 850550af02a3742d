import SyncModel
import Testing

@testable import Webhooks

@Suite("Destination pace")
struct DestinationPaceTests {
    private let start = Timestamp(microseconds: 0)

    private func at(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }

    /// Seconds from `time` until the attempt after one that begins then.
    private func gap(_ pace: DestinationPace, at time: Double) -> Double {
        var pace = pace
        pace.started(at: at(time))
        return max(0, pace.opensAt?.seconds(since: at(time)) ?? 0)
    }

    @Test("it is known once it asks to wait: a little less than what it took in the second before")
    func learnt() {
        var pace = DestinationPace()
        #expect(pace.rate == nil && pace.opensAt == nil)
        for n in 0..<20 { pace.took(at: at(Double(n) / 20)) }
        pace.asked(seconds: 5, at: at(1))
        #expect(pace.rate == 19 && pace.opensAt == at(6))
    }

    @Test("however long it takes nothing, one that it takes is followed by another within seconds", arguments: [1, 40, 5000])
    func quota(waits: Int) {
        var pace = DestinationPace()
        for n in 0..<10 { pace.took(at: at(Double(n) / 10)) }
        var now: Double = 1
        for _ in 0..<waits {
            pace.asked(seconds: 3600, at: at(now))
            now += 3600
        }
        #expect(gap(pace, at: now) <= 5.01)
    }

    @Test("how little there was to send says little of what it takes", arguments: [8640.0, 60, 4])
    func demand(pause: Double) {
        var pace = DestinationPace()
        for n in 0..<100 { pace.took(at: at(Double(n) * pause)) }
        pace.asked(seconds: 1, at: at(100 * pause))
        #expect(gap(pace, at: 100 * pause + 1) <= 5.01)
    }

    @Test("it grows with the time, not with the deliveries, until no limit is known")
    func growth() throws {
        var pace = DestinationPace()
        for n in 0..<20 { pace.took(at: at(Double(n) / 20)) }
        pace.asked(seconds: 1, at: at(1))
        let from: Double = 2 + 60
        pace.took(at: at(from))
        #expect(pace.rate == 19)
        pace.took(at: at(from + 10))
        let rate = try #require(pace.rate)
        #expect(rate > 20.9 && rate < 21)
        pace.took(at: at(from + 3600))
        #expect(pace.rate == nil && gap(pace, at: from + 3600) == 0)
    }
}
