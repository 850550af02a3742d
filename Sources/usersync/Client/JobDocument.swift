import SyncModel
import TerminalUI

/// A job as the server shows it, open or ended. Unknown members are ignored.
struct JobDocument: Decodable, Sendable {
    let jobId: String
    /// `JobState`'s word.
    let status: String
    let message: String?
    let tenant: TenantDocument
    let operation: String?
    let source: String?
    let totalUsers: Int
    /// Users by outcome, and `cancelled`.
    let counts: [String: Int]
    /// Failed users by code.
    let failedCodes: [String: Int]
    let acceptedAt: String?
    let startedAt: String?
    let endedAt: String?
    let durationMs: Double?
    let cancelRequested: Bool
    let retryOf: String?
    let error: String?
    let attempts: [Attempt]
    let webhook: Webhook?
    let warnings: [String]

    struct Attempt: Decodable, Sendable {
        let batch: Int
        let attempt: Int
        let at: String
        let error: String
    }

    struct Webhook: Decodable, Sendable {
        let id: String?
        let state: String
        let attempts: Int?
        let lastError: String?
    }

    /// In `metadata` of a job and of a result; at the top level of an element of a list.
    private struct Figures: Decodable {
        let operation: String?
        let totalUsers: Int?
        let acceptedAt: String?
        let durationMs: Double?
        let created, updated, unchanged, stale, removed, failed, cancelled: Int?

        var counts: [String: Int] {
            let all = [
                "created": created, "updated": updated, "unchanged": unchanged, "stale": stale, "removed": removed,
                "failed": failed,
                "cancelled": cancelled,
            ]
            return all.compactMapValues { $0 }
        }
    }

    private enum Key: String, CodingKey {
        case jobId, status, message, tenant, source, failedCodes, startedAt, endedAt
        case cancelRequested, retryOf, error, attempts, webhook, warnings, metadata
    }

    init(from decoder: any Decoder) throws {
        let document = try decoder.container(keyedBy: Key.self)
        let figures = try document.decodeIfPresent(Figures.self, forKey: .metadata) ?? Figures(from: decoder)
        jobId = try document.decode(String.self, forKey: .jobId)
        status = try document.decode(String.self, forKey: .status)
        message = try document.decodeIfPresent(String.self, forKey: .message)
        tenant = try document.decode(TenantDocument.self, forKey: .tenant)
        operation = figures.operation
        source = try document.decodeIfPresent(String.self, forKey: .source)
        counts = figures.counts
        totalUsers = figures.totalUsers ?? 0
        failedCodes = try document.decodeIfPresent([String: Int].self, forKey: .failedCodes) ?? [:]
        acceptedAt = figures.acceptedAt
        startedAt = try document.decodeIfPresent(String.self, forKey: .startedAt)
        endedAt = try document.decodeIfPresent(String.self, forKey: .endedAt)
        durationMs = figures.durationMs
        cancelRequested = try document.decodeIfPresent(Bool.self, forKey: .cancelRequested) ?? false
        retryOf = try document.decodeIfPresent(String.self, forKey: .retryOf)
        error = try document.decodeIfPresent(String.self, forKey: .error)
        attempts = try document.decodeIfPresent([Attempt].self, forKey: .attempts) ?? []
        webhook = try document.decodeIfPresent(Webhook.self, forKey: .webhook)
        warnings = try document.decodeIfPresent([String].self, forKey: .warnings) ?? []
    }

    /// `nil` for a state that only a later server knows.
    var state: JobState? { JobState(rawValue: status) }
    var hasEnded: Bool { state?.isEnd ?? false }
    var failed: Int { counts["failed"] ?? 0 }
    /// Users that are finished, whatever the outcome.
    var settled: Int { JobDocument.outcomes.reduce(0) { $0.saturatingAdd(counts[$1] ?? 0) } }

    /// The counts that add up to all users, in display order. The server may add sums beside them.
    static let outcomes = UserOutcome.allCases.map(\.word) + ["cancelled"]

    /// `3 created, 1 failed`.
    var outcomeText: String {
        JobDocument.outcomes
            .compactMap { word in counts[word].flatMap { $0 > 0 ? "\(Format.count($0)) \(word)" : nil } }
            .joined(separator: ", ")
    }

    /// Seconds to the end from acceptance, or from the start if acceptance is not shown.
    var seconds: Double? {
        if let durationMs { return durationMs / 1000 }
        guard let from = (acceptedAt ?? startedAt).flatMap({ Timestamp(iso8601: $0) }),
            let end = endedAt.flatMap({ Timestamp(iso8601: $0) })
        else { return nil }
        return end.seconds(since: from)
    }
}
