import SyncModel
import Testing

@Suite("Job states and counts")
struct JobStateTests {
    @Test("a job without open batches ends by what became of its users")
    func ends() {
        var counts = JobCounts()
        #expect(JobState.end(of: counts, cancelRequested: false) == .completed)
        #expect(JobState.end(of: counts, cancelRequested: true) == .completed)
        counts.created = 2
        #expect(JobState.end(of: counts, cancelRequested: true) == .completed)
        counts.failed = 1
        #expect(JobState.end(of: counts, cancelRequested: false) == .completedWithErrors)
        #expect(JobState.end(of: counts, cancelRequested: true) == .completedWithErrors)
        counts.cancelled = 1
        #expect(JobState.end(of: counts, cancelRequested: true) == .cancelled)
    }

    @Test("four states are ends, and two of them no success")
    func kinds() {
        #expect(JobState.allCases.filter(\.isEnd) == [.completed, .completedWithErrors, .failed, .cancelled])
        #expect(JobState.allCases.filter { !$0.isSuccess } == [.failed, .cancelled])
    }

    @Test("all outcomes but failed are successful; dropped users are settled too")
    func counts() {
        var counts = JobCounts()
        for (n, outcome) in UserOutcome.allCases.enumerated() { counts[outcome] = 1 << n }
        counts.cancelled = 64
        #expect(counts.successful == 31)
        #expect(counts.settled == 127)
        let sum = counts + counts
        #expect(sum.settled == 254)
        #expect(UserOutcome.allCases.map { sum[$0] } == [2, 4, 8, 16, 32, 64])
    }

    @Test("every outcome and code has a word of its own")
    func words() {
        #expect(UserOutcome.allCases.map(\.status) == ["created", "updated", "updated", "updated", "updated", "failed"])
        for outcome in UserOutcome.allCases { #expect(UserOutcome(word: outcome.word) == outcome) }
        #expect(UserOutcome(word: "lost") == nil)
        #expect(Set(FailureCode.allCases.map(\.word)).count == FailureCode.allCases.count)
        #expect(Set(FailureCode.allCases.map(\.sentence)).count == FailureCode.allCases.count)
    }
}
