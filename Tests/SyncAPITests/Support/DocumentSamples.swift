import Foundation
import SyncAPI
import SyncModel
import TestSupport
import Testing

/// Jobs and results to make documents of.
enum DocumentSamples {
    static let accepted = Timestamp(iso8601: "2025-08-19T10:00:00.000Z") ?? Timestamp(microseconds: 0)
    static let id = JobID("0198c1f2-9c00-7a3b-8d4e-5f60718293a4") ?? JobID(now: accepted)
    static let otherID = JobID("0198c1f2-9c00-7a3b-8d4e-5f60718293a5") ?? JobID(now: accepted)

    static func job(
        _ operation: SyncModel.Operation = .userSync, _ state: JobState = .queued, users: Int = 5, batches: Int = 1
    ) -> Job {
        Job(
            id: id, operation: operation, tenantID: "tenant-uuid", tenantName: "Company Name", source: "wrapper", state: state,
            syncTime: accepted, acceptedAt: accepted, totalUsers: users, batches: batches, requestID: "request-1")
    }

    /// A job that ended two seconds after it was accepted and one after it started.
    static func ended(
        _ state: JobState, operation: SyncModel.Operation = .userSync, users: Int = 5, error: String? = nil,
        counts: (inout JobCounts) -> Void
    ) -> Job {
        var job = job(operation, .running, users: users)
        job.startedAt = accepted.advanced(bySeconds: 1)
        counts(&job.counts)
        return job.ended(as: state, at: accepted.advanced(bySeconds: 2), error: error)
    }

    static func result(
        _ index: UInt32, _ outcome: UserOutcome = .created, code: FailureCode? = nil, detail: String? = nil
    ) -> UserResult {
        UserResult(
            applied: AppliedUser(
                index: index, outcome: outcome, code: code, crmUserID: outcome == .failed ? 0 : Int64(index) + 100, detail: detail
            ),
            userID: "user-\(index)", email: "user\(index)@company.com")
    }
}

extension JSONDocument {
    var text: String { String(decoding: json, as: UTF8.self) }

    /// The document read back.
    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    }
}

extension [String: Any] {
    func object(_ name: String) throws -> [String: Any] { try #require(self[name] as? [String: Any]) }
    func array(_ name: String) throws -> [[String: Any]] { try #require(self[name] as? [[String: Any]]) }
    func string(_ name: String) -> String? { self[name] as? String }
    func int(_ name: String) -> Int? { self[name] as? Int }
    func bool(_ name: String) -> Bool? { self[name] as? Bool }
}
