import SyncAPI
import SyncModel
import Testing

@Suite("Documents of odd figures")
struct OddFiguresTests {
    /// What a damaged row may hold.
    private func counts(_ each: Int) -> JobCounts {
        var counts = JobCounts()
        for outcome in UserOutcome.allCases { counts[outcome] = each }
        counts.cancelled = each
        return counts
    }

    @Test("a job whose row says nonsense is shown", arguments: [Int.min, -1, 0, 1, .max])
    func progress(figure: Int) {
        for total in [Int.min, -1, 0, 1, .max] {
            var job = DocumentSamples.job(.userSync, .running, users: total)
            job.counts = counts(figure)
            for moment in [Int64.min, 0, .max] {
                let moment = Timestamp(microseconds: moment)
                job.startedAt = moment
                #expect(!JobDocument(job: job, results: [], webhook: nil, links: JobLinks(), now: moment).json.isEmpty)
                var ended = job
                ended.state = .completed
                ended.endedAt = Timestamp(microseconds: .min)
                #expect(!ResultDocument(job: ended, results: [], limit: 1, links: JobLinks()).json.isEmpty)
            }
        }
    }
}
