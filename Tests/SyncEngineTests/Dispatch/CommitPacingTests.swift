import Testing

@testable import SyncEngine

@Suite("When a commit gives way")
struct CommitPacingTests {
    private let start = ContinuousClock.now

    @Test("a bulk's closes at a batch boundary for whoever waits: for a turn, for a worker or, with one, for the directory")
    func bulk() {
        var pacing = CommitPacing(most: 100)
        let bulk = pacing.begin(isBulk: true, at: start)
        #expect(!pacing.closesEarly(bulk, isAnyReady: false, at: start))
        #expect(pacing.closesEarly(bulk, isAnyReady: true, at: start))
        pacing.waiting = 1
        #expect(pacing.closesEarly(bulk, isAnyReady: false, at: start))
        pacing.waiting = 0
        let other = pacing.begin(isBulk: false, at: start)
        #expect(pacing.closesEarly(bulk, isAnyReady: false, at: start))
        pacing.applied(other, batches: 1, at: start)
        #expect(!pacing.closesEarly(bulk, isAnyReady: false, at: start), "it writes its results, and does not wait")
    }

    @Test("one of small jobs does not, but for a stop")
    func small() {
        var pacing = CommitPacing(most: 100)
        let small = pacing.begin(isBulk: false, at: start)
        _ = pacing.begin(isBulk: true, at: start)
        pacing.waiting = 1
        #expect(!pacing.closesEarly(small, isAnyReady: true, at: start))
        pacing.stop()
        #expect(pacing.closesEarly(small, isAnyReady: false, at: start))
    }

    @Test("a bulk's next commits shrink by what its last boundary kept others waiting")
    func allowance() {
        var pacing = CommitPacing(most: 100)
        pacing.othersAreAbout(at: start)
        let bulk = pacing.begin(isBulk: true, at: start)
        _ = pacing.closesEarly(bulk, isAnyReady: false, at: start + .milliseconds(500))
        pacing.applied(bulk, batches: 100, at: start + .milliseconds(524))
        #expect(pacing.batches(most: 100) == 50)
        let small = pacing.begin(isBulk: false, at: start)
        pacing.applied(small, batches: 100, at: start + .seconds(1))
        #expect(pacing.batches(most: 100) == 50, "of small jobs nothing is learnt")
        #expect(pacing.batches(most: 10) == 10)
    }

    @Test("nothing is under way once every turn is over")
    func idle() {
        var pacing = CommitPacing(most: 1)
        #expect(pacing.isIdle)
        pacing.waiting = 1
        #expect(!pacing.isIdle)
        pacing.waiting = 0
        let turn = pacing.begin(isBulk: false, at: start)
        #expect(!pacing.isIdle && pacing.running == 1)
        pacing.applied(turn, batches: 0, at: start)
        #expect(!pacing.isIdle)
        pacing.end()
        #expect(pacing.isIdle && pacing.running == 0)
    }
}
