import SyncModel

extension ResultDocument {
    package static var notes: DocumentNotes {
        DocumentNotes("Result", "A finished job in the guide's response format.", memberNotes)
    }

    /// Of a job that has ended.
    static let memberNotes: [String: MemberNote] = [
        "success": "False for failed and cancelled jobs only.",
        "message": "For people: \"Synced 4 of 5 users\".",
        "error": "Why the job failed; absent otherwise.",
        "jobId": .jobID(),
        "status": .words(JobState.allCases.filter(\.isEnd).map(\.rawValue), "The state the job ended in."),
        "sequence": .always(sequenceNote),
        "results": .always(
            """
            In index order: all of them up to \(answerLimit) (\(webhookLimit) in a webhook); beyond that only the failed ones, up to \
            the same number.
            """),
        "resultsTruncated": .always("True if results are left out here."),
        "resultsUrl": "Where all of them are; present if resultsTruncated. Absolute if PUBLIC_URL is set.",
        "syncedAt": .always("When the job ended."),
    ]

    /// Says what a receiver should do with it, since webhooks may overtake each other.
    static let sequenceNote = MemberNote.keywords(
        ["minimum": 1],
        "The place of this end among those of the tenant's jobs, from 1 without gaps, in the order in which the jobs took effect; "
            + "the same in every delivery and answer. Webhooks may arrive in another order and more than once: keep the highest "
            + "number seen for each tenant, and treat a lower one as older news.")
}

extension ResultDocument.Metadata {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "ResultMetadata", "successful + failed + cancelled = totalUsers; each outcome has its own count beside them.",
            memberNotes.merging([
                "syncedAt": .always("When the job ended."),
                "durationMs": .always("Milliseconds from acceptance to the end."),
            ]) { $1 })
    }

    /// Of a job that has not ended.
    static var openNotes: DocumentNotes {
        DocumentNotes(nil, "", memberNotes.merging(["syncedAt": .never, "durationMs": .never]) { $1 })
    }

    private static var memberNotes: [String: MemberNote] {
        CountsDocument.memberNotes.merging(["operation": .operation, "acceptedAt": .always()]) { $1 }
    }
}
