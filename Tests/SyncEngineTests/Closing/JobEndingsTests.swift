import JobQueue
import SyncAPI
import SyncModel
import Testing

@testable import SyncEngine

@Suite("How whole jobs end")
struct JobEndingsTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func job(callback: String?) -> Job {
        var job = Job(
            id: JobID(now: now), operation: .userSync, tenantID: "a", tenantName: "A", source: "tests", state: .running,
            syncTime: now, acceptedAt: now, totalUsers: 1, batches: 1, requestID: "")
        job.callbackURL = callback
        job.counts.created = 1
        (job.sequence, job.endedAt) = (1, now)
        return job
    }

    private func finished(_ job: Job, hasCallbackURL: Bool) -> FinishedBatch {
        var writer = UserRecordWriter()
        writer.begin(index: 0)
        writer.set(.email, text: "a@x.io")
        writer.end()
        var batch = LeasedBatch(
            lease: LeaseID(value: 1), jobID: job.id, tenantID: job.tenantID, operation: job.operation, syncTime: job.syncTime,
            number: 0, pass: .first, attempts: 0, payload: BatchPayload(writer), jobUsers: 1)
        batch.hasCallbackURL = hasCallbackURL
        var finished = FinishedBatch(batch: batch, users: [AppliedUser(index: 0, outcome: .created, crmUserID: 1)])
        finished.endsJob = true
        return finished
    }

    @Test(
        "results are prepared for a webhook alone: where the job names an address, or one is configured",
        arguments: [nil, "https://wrapper.example/hook"], [nil, "https://callback.example/hook"])
    func prepared(configured: String?, callback: String?) throws {
        let endings = JobEndings(webhookURL: configured, links: JobLinks(publicURL: nil))
        let job = job(callback: callback)
        let prepared = endings.prepared(for: [finished(job, hasCallbackURL: callback != nil)])
        let results = try #require(prepared.results[job.id], "it ends with its batch")
        #expect((results != nil) == (configured != nil || callback != nil))
        let ending = try #require(prepared.ending(of: job))
        #expect(ending.state == .completed && ending.delivery?.head.url == callback ?? configured)
    }

    @Test("a job that turns out to have an address for which nothing is prepared does not end with its batch")
    func unprepared() {
        let endings = JobEndings(webhookURL: nil, links: JobLinks(publicURL: nil))
        let job = job(callback: "https://callback.example/hook")
        #expect(endings.prepared(for: [finished(job, hasCallbackURL: false)]).ending(of: job) == nil)
    }
}
