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
}
