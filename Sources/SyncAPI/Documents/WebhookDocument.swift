package import SyncModel

/// The body of a completion webhook: `{"type","timestamp","data":{the result}}` (Contract.md, "The completion webhook").
package struct WebhookDocument: JSONDocument {
    package let result: ResultDocument

    /// - Parameters:
    ///   - job: as for `ResultDocument`: with the state and the time it ends with.
    ///   - results: in index order, all or the failed ones: see `ResultDocument.showsFailedOnly(_:limit:)` with `webhookLimit`.
    package init(job: Job, results: [UserResult], links: JobLinks) {
        result = ResultDocument(job: job, results: results, limit: ResultDocument.webhookLimit, links: links)
    }

    /// - Parameter results: written for `ResultDocument.webhookLimit`.
    package init(job: Job, results: InlineResults, links: JobLinks) {
        result = ResultDocument(job: job, results: results, limit: ResultDocument.webhookLimit, links: links)
    }

    /// What happened: `user_sync.completed` (with or without failed users), `user_sync.failed`, `user_sync.cancelled`, and
    /// likewise `user_removal.…`. Of a job that has not ended: `….completed`; none is sent.
    package static func type(of operation: Operation, endingAs state: JobState) -> String {
        switch state {
        case .failed: "\(operation.rawValue).failed"
        case .cancelled: "\(operation.rawValue).cancelled"
        case .completed, .completedWithErrors, .queued, .running: "\(operation.rawValue).completed"
        }
    }

    /// The `type` of the event that `deliveries/test` sends.
    package static let testType = "webhook.test"

    /// The body of the test event.
    package static func testEvent(at timestamp: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("type", testType)
            json.member("timestamp", timestamp)
            json.member("data") { json in
                json.object { json in
                    json.member("success", true)
                    json.member("message", "This is a test event")
                }
            }
        }
        return json.bytes
    }

    package var type: String { WebhookDocument.type(of: result.job.operation, endingAs: result.job.state) }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", type)
        json.member("timestamp", result.job.endedAt)
        json.member("data") { result.write(to: &$0) }
    }
}
