import SyncModel
import Testing

@testable import SyncEngine

@Suite("When a commit gives way")
struct CommitPacingTests {
    private let start = ContinuousClock.now

    @Test("a bulk's closes at a batch boundary for whoever waits: for a turn, for a worker or, with one, for the directory")
    func bulk() throws {
        let pacing = ToldPacing(most: 100)
        let bulk = pacing.value.begin(isBulk: true, at: start)
        #expect(!pacing.closes(bulk, false))
        #expect(pacing.closes(bulk, true))
        pacing.value.waiting = 1
        #expect(pacing.closes(bulk, false))
        pacing.value.waiting = 0
        let other = pacing.value.begin(isBulk: false, at: start)
        #expect(pacing.closes(bulk, false))
        try pacing.value.applied(other, batches: 1, at: start)
        #expect(!pacing.closes(bulk, false), "it writes its results, and does not wait")
    }

    @Test("one of small jobs does not, but for a stop")
    func small() {
        let pacing = ToldPacing(most: 100)
        let small = pacing.value.begin(isBulk: false, at: start)
        _ = pacing.value.begin(isBulk: true, at: start)
        pacing.value.waiting = 1
        #expect(!pacing.closes(small, true))
        pacing.value.stop()
        #expect(pacing.closes(small, false))
    }

    @Test("a bulk's next commits shrink by what its last boundary kept others waiting")
    func allowance() throws {
        let pacing = ToldPacing(most: 100)
        pacing.value.othersAreAbout(at: start)
        let bulk = pacing.value.begin(isBulk: true, at: start)
        _ = pacing.value.closesEarly(bulk, isAnyReady: false, at: start + .milliseconds(500))
        try pacing.value.applied(bulk, batches: 100, at: start + .milliseconds(524))
        #expect(pacing.batches(most: 100) == 50)
        let small = pacing.value.begin(isBulk: false, at: start)
        try pacing.value.applied(small, batches: 100, at: start + .seconds(1))
        #expect(pacing.batches(most: 100) == 50, "of small jobs nothing is learnt")
        #expect(pacing.batches(most: 10) == 10)
    }

    @Test("nothing is under way once every commit group is over")
    func idle() throws {
        let pacing = ToldPacing(most: 1)
        #expect(pacing.value.isIdle)
        pacing.value.waiting = 1
        #expect(!pacing.value.isIdle)
        pacing.value.waiting = 0
        let group = pacing.value.begin(isBulk: false, at: start)
        #expect(!pacing.value.isIdle && pacing.value.running == 1)
        try pacing.value.applied(group, batches: 0, at: start)
        #expect(!pacing.value.isIdle)
        try pacing.value.end(group)
        #expect(pacing.value.isIdle && pacing.value.running == 0)
    }

    @Test("a commit group is applied once, and over once, after that")
    func impossible() throws {
        let pacing = ToldPacing(most: 1)
        let group = pacing.value.begin(isBulk: false, at: start)
        #expect(throws: ImpossibleTransition(.commitGroup, "1", in: "being applied", met: "end")) { try pacing.value.end(group) }
        try pacing.value.applied(group, batches: 1, at: start)
        #expect(throws: ImpossibleTransition(.commitGroup, "1", in: "applied", met: "applied")) {
            try pacing.value.applied(group, batches: 1, at: start)
        }
        #expect(pacing.value.running == 1)
        try pacing.value.end(group)
        #expect(throws: ImpossibleTransition(.commitGroup, "1", in: "over", met: "end")) { try pacing.value.end(group) }
        #expect(pacing.value.isIdle)
    }
}

/// A pacing that expectations can ask, as asking changes it.
private final class ToldPacing {
    var value: CommitPacing
    private let start = ContinuousClock.now

    init(most: Int) { value = CommitPacing(most: most) }

    func closes(_ group: Int, _ isAnyReady: Bool) -> Bool { value.closesEarly(group, isAnyReady: isAnyReady, at: start) }
    func batches(most: Int) -> Int { value.batches(most: most) }
}
