/// Answers for `FakeServer` to every request that commands send, with a text of one's own in every string, and in every number another.
struct Answers {
    /// A JSON value for every string but those that a command needs to go on.
    var text: String
    /// A JSON value for every number.
    var number = "7"
    /// A JSON value for words that decide what a command does.
    var word: (String) -> String = { "\"\($0)\"" }

    var byRequest: [String: (status: Int, body: String)] {
        let sync = "/api/internal/sync"
        let accepted = #"{"success":true,"message":\#(text),"jobId":\#(word(FakeServer.job)),"warnings":[\#(text),\#(text)]}"#
        return [
            "GET /livez": (200, "{}"), "GET /readyz": (200, #"{"directory":\#(directory)}"#), "GET /metrics": (200, "up 1"),
            "POST \(sync)/users": (202, accepted),
            "GET \(sync)/jobs": (200, #"{"jobs":[\#(job),\#(job)],"nextCursor":\#(text)}"#),
            "GET \(sync)/jobs/\(FakeServer.job)": (200, job),
            "GET \(sync)/jobs/\(FakeServer.job)/results": (200, #"{"results":[\#(result),\#(result)],"nextCursor":\#(text)}"#),
            "POST \(sync)/jobs/\(FakeServer.job)/retry": (202, accepted),
            "POST \(sync)/jobs/\(FakeServer.job)/cancel": (200, job),
            "GET \(sync)/deliveries": (200, #"{"deliveries":[\#(delivery),\#(delivery)],"nextCursor":\#(text)}"#),
            "POST \(sync)/deliveries/msg_1/redeliver": (202, #"{"message":\#(text),"delivery":\#(delivery)}"#),
            "POST \(sync)/deliveries/redeliver": (202, #"{"message":\#(text),"redelivered":\#(number)}"#),
            "POST \(sync)/deliveries/test": (202, #"{"message":\#(text),"delivery":\#(delivery)}"#),
            "GET \(sync)/tenants/aliases": (200, #"{"aliases":[\#(alias),\#(alias)],"nextCursor":\#(text)}"#),
            "POST \(sync)/tenants/aliases/set": (200, #"{"message":\#(text),"alias":\#(alias)}"#),
            "POST \(sync)/tenants/aliases/forget": (200, #"{"message":\#(text),"alias":\#(alias)}"#),
            "GET \(sync)/tenants/aliases/merge/preview": (200, mergePreview),
            "POST \(sync)/tenants/aliases/merge": (202, #"{"message":\#(text),"merge":\#(merge)}"#),
            "GET \(sync)/tenants/merges": (200, #"{"merges":[\#(merge),\#(merge)],"nextCursor":\#(text)}"#),
            "GET \(sync)/tenants/merges/7": (200, merge),
            "POST \(sync)/tenants/merges/7/cancel": (200, #"{"message":\#(text),"merge":\#(merge)}"#),
            "GET \(sync)/status": (200, status),
        ]
    }

    /// The same requests, all refused.
    var refusals: [String: (status: Int, body: String)] {
        byRequest.mapValues { _ in
            (
                422,
                #"{"error":\#(text),"requestId":\#(text),"errorCount":\#(number),"details":[{"path":[\#(text),\#(number)],"message":\#(text),"type":\#(text)}]}"#
            )
        }
    }

    private var counts: String {
        ["totalUsers", "successful", "failed", "cancelled", "created", "updated", "unchanged", "stale", "removed"]
            .map { "\"\($0)\":\(number)" }.joined(separator: ",")
    }

    private var job: String {
        """
        {"success":true,"message":\(text),"jobId":\(text),"status":\(word("failed")),"sequence":\(number),"error":\(text),\
        "tenant":{"id":\(text),"name":\(text)},"source":\(text),"cancelRequested":true,"retryOf":\(text),"syncType":\(text),\(counts),\
        "operation":\(text),"metadata":{"operation":\(text),\(counts),"durationMs":\(number),"acceptedAt":"2025-08-19T10:00:00Z"},\
        "acceptedAt":"0001-01-01T00:00:00Z","startedAt":"9999-12-31T00:00:00Z","endedAt":"2025-08-19T10:00:01Z",\
        "failedCodes":{\(text):\(number),"b":\(number)},"warnings":[\(text)],"requestId":\(text),"reason":\(text),\
        "progress":{"usersDone":\(number),"total":\(number),"percent":\(number),"usersPerSecond":\(number),"etaSeconds":\(number)},\
        "attempts":[{"batch":\(number),"attempt":\(number),"at":"2025-08-19T10:00:00Z","error":\(text)}],\
        "webhook":{"id":\(text),"type":\(text),"state":\(text),"attempts":\(number),"lastStatus":\(number),"lastError":\(text)},\
        "results":[\(result)],"resultsUrl":\(text)}
        """
    }

    private var alias: String {
        #"{"alias":\#(text),"tenantId":\#(text),"origin":\#(text),"since":"2025-08-19T10:00:00Z"}"#
    }

    private var merge: String {
        """
        {"id":7,"alias":\(text),"tenantId":\(text),"state":\(word("refused")),"since":"2025-08-19T10:00:00Z",\
        "endedAt":"2025-08-19T10:00:01Z","openJobs":\(number),"heldJobs":\(number),"moved":\(number),"joined":\(number),"error":\(text)}
        """
    }

    private var mergePreview: String {
        let row = #"{"crmUserId":\#(number),"id":\#(text),"kindeUserId":\#(text)}"#
        return """
            {"alias":\(text),"tenantId":\(text),"moved":\(number),"joined":\(number),"conflicts":\(number),\
            "firstConflicts":[{"reason":\(text),"user":\(row),"other":\(row)}]}
            """
    }

    private var result: String {
        """
        {"index":\(number),"userId":\(text),"email":\(text),"status":\(text),"outcome":\(text),"crmUserId":\(text),"message":\(text),\
        "error":\(text),"code":\(text)}
        """
    }

    private var delivery: String {
        """
        {"id":\(word("msg_1")),"jobId":\(text),"tenantId":\(text),"type":\(text),"url":\(text),"state":\(text),"attempts":\(number),\
        "createdAt":"2025-08-19T10:00:00Z","lastStatus":\(number),"lastError":\(text)}
        """
    }

    private var directory: String { #"{"state":\#(text),"since":"2025-08-19T10:00:00Z","error":\#(text)}"# }

    private var status: String {
        """
        {"success":true,"jobs":{"queued":\(number),"failed":\(number),\(text):\(number)},"pendingUsers":\(number),\
        "oldestPendingAgeSeconds":\(number),"tenants":[{"tenantId":\(text),"openJobs":\(number),"pendingUsers":\(number),\
        "currentJobId":\(text)}],"workers":{"active":\(number),"idle":\(number)},"usersPerSecond":{"1m":\(number),"5m":\(number)},\
        "retrying":[{"jobId":\(text),"tenantId":\(text),"batch":\(number),"attempts":\(number),\
        "nextAttemptAt":"9999-12-31T23:59:59Z","lastError":\(text)}],"merges":[\(merge)],"directory":\(directory),\
        "webhooks":{"pending":\(number),"dead":\(number),"oldestAgeSeconds":\(number),"lastError":\(text)},\
        "queue":{"bytes":\(number),"walBytes":\(number),"freeDiskBytes":\(number)},"draining":true}
        """
    }
}
