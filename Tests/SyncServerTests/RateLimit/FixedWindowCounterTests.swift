import SyncModel
import SyncServer
import Testing

@Suite("Counting by key in windows")
struct FixedWindowCounterTests {
    @Test("keys are apart where their bytes are")
    func spellings() {
        let counter = FixedWindowCounter(window: 60)
        let now = Timestamp(seconds: 1_755_597_600)
        #expect(counter.count("t:caf\u{E9}", limit: 1, now: now).used == 1)
        #expect(counter.count("t:cafe\u{301}", limit: 1, now: now).used == 1)
        #expect(counter.count("t:caf\u{E9}", limit: 1, now: now).used == 2)
        counter.forgive("t:caf\u{E9}", countedIn: now)
        #expect(counter.reading("t:caf\u{E9}", now: now).used == 0)
        #expect(counter.reading("t:cafe\u{301}", now: now).used == 1)
    }

    @Test("however many keys come, no more are kept than there is room for; those whose window is over go first")
    func bounded() {
        let counter = FixedWindowCounter(window: 60, capacity: 16)
        let start = Timestamp(seconds: 1_755_597_600)
        for number in 0..<1000 {
            #expect(counter.count("a:\(number)", limit: 1, now: start).used == 1)
            #expect(counter.keys <= 16)
        }
        let later = start.advanced(bySeconds: 61)
        for number in 0..<10 { #expect(counter.count("b:\(number)", limit: 1, now: later).used == 1) }
        #expect((0..<10).allSatisfy { counter.reading("b:\($0)", now: later).used == 1 })
    }
}
