import Foundation
import ServerTestSupport
import Synchronization
import TestSupport

/// Callers, each of a tenant of its own, who submit without a pause and do not care for `Retry-After`. What they send carries an
/// `Idempotency-Key`, so that of each job it is known whether it was taken.
final class FloodLoad: Sendable {
    /// What the server answered.
    struct Answers: Sendable {
        /// Requests by status.
        var statuses: [Int: Int] = [:]
        /// Refusals without a whole number of seconds in `Retry-After`, or with one that is not theirs to wait.
        var withoutRetryAfter = 0
        /// The longest `Retry-After`, in seconds.
        var longestRetryAfter = 0
        /// Tenants that were refused by the rate limit.
        var limited: Set<String> = []
        /// Of each 202, in seconds.
        var latencies: [Double] = []

        var refused: Int { statuses.filter { $0.key == 503 || $0.key == 429 }.reduce(0) { $0 + $1.value } }

        /// The latency that so large a share of the 202s stayed within, in milliseconds.
        func percentile(_ share: Double) -> Double {
            let sorted = latencies.sorted()
            return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1000
        }
    }

    private struct State {
        var isStopping = false
        var answers = Answers()
    }

    private let port: Int
    private let tenants: [String]
    private let usersPerJob: Int
    private let state = Mutex(State())

    init(port: Int, tenants: [String], usersPerJob: Int) {
        self.port = port
        self.tenants = tenants
        self.usersPerJob = usersPerJob
    }

    var answers: Answers { state.withLock { $0.answers } }
    func stop() { state.withLock { $0.isStopping = true } }

    /// Runs until stopped.
    func run() async throws -> [MixedLoad.Outcome] {
        try await withThrowingTaskGroup(of: MixedLoad.Outcome.self) { group in
            for tenant in tenants { group.addTask { try await self.caller(tenant) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func caller(_ tenant: String) async throws -> MixedLoad.Outcome {
        var outcome = MixedLoad.Outcome(model: TenantModel(tenant: tenant))
        var number = 0
        while !state.withLock({ $0.isStopping }) {
            let step = TenantModel.Step.chosen((0..<usersPerJob).map { (user: $0, name: "Name \(number)") })
            if let id = try await take(outcome.model.request(step), tenant: tenant, key: "\(tenant)-\(number)") {
                outcome.jobs.append(MixedLoad.Acknowledged(jobID: id, expected: outcome.model.apply(step)))
                number += 1
            }
        }
        return outcome
    }

    /// Sends a request again and again.
    /// - Returns: `nil` where it was refused and the load is to stop.
    private func take(_ request: (path: String, body: String), tenant: String, key: String) async throws -> String? {
        let headers = ["X-Tenant-ID": tenant, "X-Sync-Source": "flood", "Idempotency-Key": key]
        for _ in 0..<100_000 {
            let start = ContinuousClock.now
            guard
                let answer = try? await ServerProcess.send(
                    "POST", port: port, request.path, headers: headers, body: request.body)
            else { continue }
            note(answer, of: tenant, seconds: (ContinuousClock.now - start) / .seconds(1))
            switch answer.status {
            case 202: return answer.json.jobId.string
            case 503, 429: if state.withLock({ $0.isStopping }) { return nil }
            case 409: break
            default: throw MixedLoad.LoadError.refused(status: answer.status, body: answer.text)
            }
        }
        throw MixedLoad.LoadError.neverAcknowledged
    }

    private func note(_ answer: TestServer.Answer, of tenant: String, seconds: Double) {
        state.withLock { state in
            state.answers.statuses[answer.status, default: 0] += 1
            if answer.status == 202 { state.answers.latencies.append(seconds) }
            if answer.status == 429 { state.answers.limited.insert(tenant) }
            guard answer.status == 503 || answer.status == 429 else { return }
            if let wait = answer.header("retry-after").flatMap({ Int($0) }), wait > 0 {
                state.answers.longestRetryAfter = max(state.answers.longestRetryAfter, wait)
            } else {
                state.answers.withoutRetryAfter += 1
            }
        }
    }
}
