package import SyncModel

/// The body of a webhook: `{"type","timestamp","data":{the result}}` (Contract.md, "The completion webhook").
package struct WebhookDocument: JSONDocument {
    package var type = ""
    package var timestamp: Timestamp?
    /// `data` of a job's end.
    package var result: ResultDocument?
    /// `data` of a test event.
    package var test: TestEvent?

    /// The `type` of the event that `deliveries/test` sends.
    package static let testType = "webhook.test"

    package struct TestEvent: JSONDocument {
        package var success = true
        package var message = "This is a test event"

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("success", &success)
            try coder.member("message", &message)
        }
    }

    package init() {}

    /// - Parameters:
    ///   - job: as for `ResultDocument`: with the state and the time it ends with.
    ///   - results: in index order, all or the failed ones: see `ResultDocument.showsFailedOnly(_:limit:)` with `webhookLimit`.
    package init(job: Job, results: [UserResult], links: JobLinks) {
        type = WebhookDocument.type(of: job.operation, endingAs: job.state)
        timestamp = job.endedAt
        result = ResultDocument(job: job, results: results, limit: ResultDocument.webhookLimit, links: links)
    }

    /// - Parameter results: written for `ResultDocument.webhookLimit`.
    package init(job: Job, results: InlineResults, links: JobLinks) {
        type = WebhookDocument.type(of: job.operation, endingAs: job.state)
        timestamp = job.endedAt
        result = ResultDocument(job: job, results: results, limit: ResultDocument.webhookLimit, links: links)
    }

    /// The test event.
    package init(testAt timestamp: Timestamp) {
        type = WebhookDocument.testType
        self.timestamp = timestamp
        test = TestEvent()
    }

    /// The event: `user_sync.completed` (with or without failed users), `user_sync.failed`, `user_sync.cancelled`, and likewise
    /// `user_removal.…`. For a job that has not ended `….completed`, which is never sent.
    package static func type(of operation: Operation, endingAs state: JobState) -> String {
        switch state {
        case .failed: "\(operation.rawValue).failed"
        case .cancelled: "\(operation.rawValue).cancelled"
        case .completed, .completedWithErrors, .queued, .running: "\(operation.rawValue).completed"
        }
    }

    /// Whether this version knows the event; others may come from a later one.
    package var isKnown: Bool { WebhookDocument.knownTypes.contains(type) }

    private static let knownTypes = Set(
        Operation.allCases.flatMap { operation in JobState.allCases.map { type(of: operation, endingAs: $0) } } + [testType])

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("type", &type)
        try coder.nullable("timestamp", &timestamp)
        if type == WebhookDocument.testType {
            try coder.optional("data", &test)
        } else {
            try coder.optional("data", &result)
        }
    }
}

extension WebhookDocument {
    package static var notes: DocumentNotes { DocumentNotes(nil, oneOf: [eventNotes, testNotes]) }

    private static var eventNotes: DocumentNotes {
        let types = Operation.allCases.flatMap { operation in
            [JobState.completed, .failed, .cancelled].map { type(of: operation, endingAs: $0) }
        }
        return DocumentNotes(
            "WebhookEvent", "Body of a completion webhook.",
            ["type": .words(types), "timestamp": .always(), "data": .always()])
    }

    private static var testNotes: DocumentNotes {
        DocumentNotes(
            "TestEvent", "Body of the webhook that deliveries/test sends.",
            ["type": .constant(.string(testType)), "timestamp": .always(), "data": .always(.document(TestEvent.self))])
    }
}

extension WebhookDocument.TestEvent {
    package static var notes: DocumentNotes { DocumentNotes(nil, "", ["success": .constant(true)]) }
}
