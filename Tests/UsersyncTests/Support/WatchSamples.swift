import JobQueue
import SyncModel

/// Jobs and deliveries to watch.
enum WatchSamples {
    static let now = Timestamp(iso8601: "2025-08-19T10:00:10.000Z") ?? Timestamp(microseconds: 0)
    static let accepted = now.advanced(bySeconds: -10)

    static func id(_ number: Int) -> JobID {
        let digits = String(number)
        let text = "0198c1f2-9c00-7a3b-8d4e-" + String(repeating: "0", count: 12 - digits.count) + digits
        return JobID(text) ?? JobID(now: accepted)
    }

    static func job(_ number: Int, _ state: JobState, users: Int = 10, failed: Int = 0, cancelled: Int = 0) -> Job {
        var job = Job(
            id: id(number), operation: .userSync, tenantID: "tenant-uuid", tenantName: "Company Name", source: "wrapper",
            state: state, syncTime: accepted, acceptedAt: accepted, totalUsers: users, batches: 1, requestID: "request-\(number)")
        if state != .queued {
            job.startedAt = accepted.advanced(bySeconds: 1)
            job.counts.created = users - failed - cancelled
            job.counts.failed = failed
            job.counts.cancelled = cancelled
            job.cancelRequested = state == .cancelled
        }
        if state == .running {
            job.counts.created = users / 2
            job.attempts = [BatchAttempt(batch: 0, attempt: 1, at: now, error: "database is locked")]
        }
        if failed > 0 { job.failedCodes = ["identity_conflict": failed] }
        guard state.isEnd else { return job }
        return job.ended(as: state, at: accepted.advanced(bySeconds: 3), error: state == .failed ? "Its batches are gone" : nil)
    }

    static func delivery(_ id: String, job: JobID?, _ state: DeliveryState = .pending) -> Delivery {
        Delivery(
            what: NewDelivery(
                id: id, jobID: job, type: "user_sync.completed", url: "https://me:secret@wrapper.example/hook?token=abc",
                isConfiguredURL: true, body: Array("{\"private\":1}".utf8), tenantID: "tenant-uuid", source: "wrapper",
                traceparent: nil),
            state: state, createdAt: accepted, attempts: state == .pending ? 2 : 9,
            nextAttemptAt: state == .pending ? now.advanced(bySeconds: 30) : nil, lastAttemptAt: now,
            deliveredAt: state == .delivered ? now : nil, lastStatus: state == .delivered ? 204 : 502,
            lastError: state == .delivered ? nil : "HTTP 502")
    }
}
