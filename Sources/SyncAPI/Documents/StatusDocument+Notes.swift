extension StatusDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "Status", "The queue at a glance.",
            [
                "success": .constant(true),
                "timestamp": .always(),
                "jobs": "Jobs by state.",
                "pendingUsers": "Users of open jobs that are not settled.",
                "oldestPendingAgeSeconds": "null if no job is open.",
                "tenants": "The 20 longest backlogs, longest first.",
                "workers": .always(),
                "usersPerSecond": .always(),
                "retrying": "Batches in backoff, the next due first, up to 20.",
                "merges": "Merges of tenants that are under way, the oldest first: they hold jobs of both.",
                "directory": .always(),
                "webhooks": .always(),
                "queue": .always(),
            ])
    }
}

extension StatusDocument.Tenant {
    package static var notes: DocumentNotes { DocumentNotes(nil, "", ["currentJobId": .jobID("The job it is working on.")]) }
}

extension StatusDocument.Speed {
    package static var notes: DocumentNotes {
        DocumentNotes(nil, "Users applied per second.", ["1m": "Over the last minute.", "5m": "Over the last five."])
    }
}

extension StatusDocument.Retrying {
    package static var notes: DocumentNotes {
        DocumentNotes(nil, "", ["jobId": .jobID(), "nextAttemptAt": .always(), "lastError": .always()])
    }
}

extension StatusDocument.Webhooks {
    package static var notes: DocumentNotes {
        DocumentNotes(
            nil, "",
            [
                "oldestAgeSeconds": "Of the oldest pending one.",
                "heldDestinations": "Destinations that asked to wait for more than a minute and get nothing now.",
                "heldUntil": "When the longest of these waits is over; null if there is none.",
            ])
    }
}

extension StatusDocument.Queue {
    package static var notes: DocumentNotes {
        DocumentNotes(
            nil, "",
            ["walBytes": "null if the store keeps no log of its own.", "freeDiskBytes": "null if unknown."])
    }
}
