import SyncModel
import Testing

@testable import SyncEngine

@Suite("Users a second")
struct ThroughputTests {
    @Test("the rate is over full seconds, and forgets what is older")
    func rate() {
        var throughput = Throughput()
        for second in 0..<120 { throughput.add(100, at: Timestamp(seconds: 1000 + Double(second))) }
        let now = Timestamp(seconds: 1120)
        #expect(throughput.rate(over: 60, at: now) == 100)
        #expect(throughput.rate(over: 240, at: now) == 50)
        #expect(throughput.rate(over: 60, at: Timestamp(seconds: 1200)) == 0)
        #expect(throughput.rate(over: 60, at: Timestamp(seconds: 9000)) == 0)
    }

    @Test("a clock set back loses nothing and counts nothing twice")
    func clockSetBack() {
        var throughput = Throughput()
        throughput.add(60, at: Timestamp(seconds: 1000))
        throughput.add(60, at: Timestamp(seconds: 400))
        #expect(throughput.rate(over: 60, at: Timestamp(seconds: 1001)) == 2)
    }
}
