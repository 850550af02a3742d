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
        #expect(pace.rate == 0.97 * 20 && pace.opensAt == at(6))
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

    @Test("a receiver that was away for some waits gets what it took before within a minute of its return")
    func away() {
        var pace = DestinationPace()
        for n in 0..<50 { pace.took(at: at(Double(n) / 10)) }
        pace.asked(seconds: 20, at: at(5))
        for n in 1...5 { pace.asked(seconds: 20, at: at(5 + 20 * Double(n))) }
        var (now, taken) = (125.0, 0)
        while now < 185 {
            pace.started(at: at(now))
            pace.took(at: at(now))
            taken += 1
            now = max(now + 0.01, pace.opensAt?.seconds(since: start) ?? 0)
        }
        #expect(taken > 200, "\(taken)")
    }

    @Test("how little there was to send says little of what it takes", arguments: [8640.0, 60, 4])
    func demand(pause: Double) {
        var pace = DestinationPace()
        for n in 0..<100 { pace.took(at: at(Double(n) * pause)) }
        pace.asked(seconds: 1, at: at(100 * pause))
        #expect(gap(pace, at: 100 * pause + 1) <= 5.01)
    }

    @Test("once it was refused while it sent evenly, it grows with the time, not with the deliveries, until no limit is known")
    func growth() throws {
        var pace = DestinationPace()
        for n in 0..<20 { pace.took(at: at(Double(n) / 20)) }
        pace.asked(seconds: 1, at: at(1))
        for n in 0..<30 { pace.took(at: at(2 + Double(n) / 19.4)) }
        pace.asked(seconds: 1, at: at(3.6))
        let kept = try #require(pace.rate)
        #expect(kept >= 0.8 * 19.4 && kept < 19.4)
        let from: Double = 4.6 + 60
        pace.took(at: at(from))
        #expect(pace.rate == kept)
        pace.took(at: at(from + 10))
        let rate = try #require(pace.rate)
        #expect(rate > 1.1 * kept && rate < 1.11 * kept)
        pace.took(at: at(from + 3600))
        #expect(pace.rate == nil && gap(pace, at: from + 3600) == 0)
    }

    @Test("what it took at once is a first guess, from which the rate grows fast while more is sent")
    func search() throws {
        var pace = DestinationPace()
        for _ in 0..<5 { pace.took(at: at(0)) }
        pace.asked(seconds: 5, at: at(0.05))
        #expect(pace.rate == 0.97 * 5)
        for n in 0..<100 { pace.took(at: at(5.05 + Double(n) / 20)) }
        let rate = try #require(pace.rate)
        #expect(rate > 12 && rate < 20)
        // Hours in which nothing is to be sent say nothing.
        pace.took(at: at(7200))
        #expect(try #require(pace.rate) <= rate * 1.51)
    }

    @Test("no more is sent than it says that it takes until the end that it names, and what is under way counts")
    func quota() {
        var pace = DestinationPace()
        pace.told(ReceiverQuota(remaining: 3, seconds: 60), underWay: 1, at: start)
        #expect(pace.opensAt == nil)
        pace.started(at: start)
        // An answer that was overtaken.
        pace.told(ReceiverQuota(remaining: 9, seconds: 59), underWay: 0, at: at(0.5))
        #expect(pace.opensAt == nil)
        pace.started(at: at(1))
        #expect(pace.opensAt == at(59.5) && pace.quietUntil == at(59.5))
        pace.started(at: at(60))
        #expect(pace.opensAt == nil)
        pace.told(ReceiverQuota(remaining: 0, seconds: 60), underWay: 5, at: at(61))
        #expect(pace.opensAt == at(121))
        pace.told(ReceiverQuota(remaining: 7, seconds: 70), underWay: 0, at: at(122))
        #expect(pace.opensAt == nil)
    }
}
