import SyncModel

extension JobDocument {
    package static var notes: DocumentNotes { DocumentNotes("Job", oneOf: [openNotes, endedNotes]) }

    static let warningsNote: MemberNote = "Sentences about what was ignored or assumed."

    private static var openNotes: DocumentNotes {
        let ends: [String: MemberNote] = [
            "success": .constant(true),
            "message": "",
            "status": .words(JobState.allCases.filter { !$0.isEnd }.map(\.rawValue)),
            "metadata": .document(ResultDocument.Metadata.self, as: ResultDocument.Metadata.openNotes),
            "error": .never, "sequence": .never, "results": .never, "resultsTruncated": .never, "resultsUrl": .never,
            "syncedAt": .never,
        ]
        return DocumentNotes("OpenJob", "A job that has not ended.", notesOfBoth.merging(ends) { $1 })
    }

    private static var endedNotes: DocumentNotes {
        DocumentNotes(
            "EndedJob", "A job that has ended: the guide's response format, and how it got there.", notesOfBoth)
    }

    private static var notesOfBoth: [String: MemberNote] {
        ResultDocument.memberNotes.merging([
            "source": "X-Sync-Source, or unknown.",
            "requestId": "X-Request-ID of the request that made the job.",
            "syncType": "metadata.syncType, as sent.",
            "syncTime": .always("Decides what is stale."),
            "reason": .sometimes("Of a removal; absent for a sync."),
            "retryOf": .jobID("The job whose failed users this one tries again."),
            "statusUrl": "Path of the job.",
            "failedCodes": "Failed users by code.",
            "attempts": "The last failed attempts at its batches, newest first, up to 20.",
            "warnings": warningsNote,
        ]) { $1 }
    }
}

extension JobDocument.Webhook {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "JobWebhook", "The state of the job's webhook.",
            [
                "id": "Id of the delivery; the header webhook-id.", "state": .deliveryState, "lastStatus": .lastStatus,
            ])
    }
}

extension BatchAttempt {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "BatchAttempt", "A failed attempt at a batch.",
            ["batch": "Number within the job, from 0.", "attempt": .keywords(["minimum": 1])])
    }
}
