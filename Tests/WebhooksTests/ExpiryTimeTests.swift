import SyncModel
import Testing

@testable import Webhooks

@Suite("The time by which deliveries expire")
struct ExpiryTimeTests {
    private static let start = Timestamp(microseconds: 1_790_000_000_000_000)
    private static let day: Double = 86_400

    /// Clocks that run on: the machine's, which may be set, and one that cannot.
    private struct Clocks {
        var time = ExpiryTime()
        var elapsed: Double = 0
        /// Seconds by which the machine's clock was set ahead.
        var ahead: Double = 0

        var wall: Timestamp { start.advanced(bySeconds: elapsed + ahead) }

        /// Goes on for so many seconds, looking every ten minutes as the courier does at least.
        mutating func goOn(_ seconds: Double) {
            let end = elapsed + seconds
            while elapsed < end {
                elapsed = min(end, elapsed + 600)
                _ = now
            }
        }

        var now: Timestamp? {
            mutating get { time.now(wall: wall, elapsed: .seconds(elapsed)) }
        }
    }

    @Test("is the machine's clock, but for the first minutes of a process, in which nothing expires")
    func even() {
        var clocks = Clocks()
        #expect(clocks.now == nil)
        clocks.elapsed = 299
        #expect(clocks.now == nil)
        clocks.elapsed = 300
        #expect(clocks.now == clocks.wall)
        clocks.goOn(10 * Self.day)
        #expect(clocks.now == clocks.wall)
    }

    @Test("a clock that is set a year ahead and back kills nothing, and nothing is left of it", arguments: [60, 3600, 2 * day])
    func aheadAndBack(stays: Double) {
        var clocks = Clocks()
        clocks.goOn(1000)
        clocks.ahead = 365 * Self.day
        clocks.goOn(stays)
        #expect(clocks.now == Self.start.advanced(bySeconds: clocks.elapsed))
        clocks.ahead = 0
        clocks.goOn(10)
        #expect(clocks.now == clocks.wall)
    }

    @Test("a step ahead that lasts counts once all that was pending before it is older than three days")
    func stepAhead() throws {
        var clocks = Clocks()
        clocks.goOn(1000)
        clocks.ahead = 50 * 365 * Self.day
        clocks.goOn(DeliverySchedule.lifetime)
        #expect(clocks.now == Self.start.advanced(bySeconds: clocks.elapsed))
        clocks.goOn(7200)
        #expect(clocks.now == clocks.wall)
    }

    @Test("a step back counts at once: what is created after it has its three days")
    func stepBack() {
        var clocks = Clocks()
        clocks.goOn(1000)
        clocks.ahead = -30 * Self.day
        #expect(clocks.now == clocks.wall)
        clocks.goOn(5 * Self.day)
        #expect(clocks.now == clocks.wall)
    }

    @Test("no clock is so odd that it ends the process", arguments: [Int64.max, .min, .max - 1, 0])
    func odd(microseconds: Int64) {
        var time = ExpiryTime()
        for elapsed in [0, 1e3, 1e9] { _ = time.now(wall: Timestamp(microseconds: microseconds), elapsed: .seconds(elapsed)) }
    }
}
