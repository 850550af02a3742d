import SyncModel
import TestSupport
import Testing

@Suite("Counts of a job")
struct JobCountsTests {
    /// What a damaged row may hold.
    private func counts(_ each: Int) -> JobCounts {
        var counts = JobCounts()
        for outcome in UserOutcome.allCases { counts[outcome] = each }
        counts.cancelled = each
        return counts
    }

    @Test("sums hold for what a job can have, and figures no job can have do not end the process")
    func sums() {
        #expect(counts(3).successful == 15)
        #expect(counts(3).settled == 21)
        #expect((counts(3) + counts(4)) == counts(7))
        #expect(counts(.max).settled == .max)
        #expect((counts(.max) + counts(.max)) == counts(.max))
        #expect(counts(.min).settled == .min)
    }
}
