import Foundation
import ServerTestSupport
import Synchronization
import TestSupport

/// Callers of several tenants who submit one job after the other and send a request again, with the same `Idempotency-Key`,
/// until it is acknowledged: so what happened is known, whenever the server was killed.
final class MixedLoad: Sendable {
    struct Acknowledged: Sendable {
        var jobID: String
        var expected: TenantModel.Counts
    }

    struct Outcome: Sendable {
        var model: TenantModel
        var jobs: [Acknowledged] = []
    }

    private struct State {
        var port: Int
        var isStopping = false
        var acknowledged = 0
        var unavailable = 0
        var unavailableWithoutRetryAfter = 0
        var cut = 0
    }

    private let state: Mutex<State>
    private let tenants: [String]
    private let seed: UInt64
    private let bulkSize: Int
    private let cutsUploads: Bool
    private let pause: Duration

    /// - Parameters:
    ///   - bulkSize: users of a bulk.
    ///   - cutsUploads: whether a further tenant sends bodies that stop half-way, again and again: none of its users may appear.
    ///   - pause: between a caller's acknowledgement and its next request.
    init(
        port: Int, tenants: [String], seed: UInt64, bulkSize: Int = 1000, cutsUploads: Bool = false, pause: Duration = .zero
    ) {
        state = Mutex(State(port: port))
        self.tenants = tenants
        self.seed = seed
        self.bulkSize = bulkSize
        self.cutsUploads = cutsUploads
        self.pause = pause
    }

    /// Jobs acknowledged so far.
    var acknowledged: Int { state.withLock { $0.acknowledged } }
    /// Answers of 503 so far, and those of them that did not say when to come again.
    var unavailable: (all: Int, withoutRetryAfter: Int) {
        state.withLock { ($0.unavailable, $0.unavailableWithoutRetryAfter) }
    }
    /// Acknowledgements whose head came, and not all of their body.
    var cut: Int { state.withLock { $0.cut } }
    /// The server listens elsewhere now.
    func moved(to port: Int) { state.withLock { $0.port = port } }
    /// Each caller has its request acknowledged and ends.
    func stop() { state.withLock { $0.isStopping = true } }

    /// Runs until stopped.
    func run() async throws -> [Outcome] {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for (number, tenant) in tenants.enumerated() {
                group.addTask { try await self.caller(tenant, SeededGenerator(seed: self.seed &+ UInt64(number))) }
            }
            if cutsUploads {
                group.addTask {
                    await self.cutUploads()
                    return Outcome(model: TenantModel(tenant: "half"))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Sends the head and a part of a body, then hangs up; again once the server has answered something else. Unanswered, such bodies
    /// would come faster than a slow machine reads them, and nobody else would be served.
    private func cutUploads() async {
        let body = Array(Bodies.sync(Bodies.users(2000), tenant: "half").utf8)
        var random = SeededGenerator(seed: seed)
        while !state.withLock({ $0.isStopping }) {
            let port = state.withLock { $0.port }
            let part = String(decoding: body.prefix(Int.random(in: 1..<body.count, using: &random)), as: UTF8.self)
            let head = """
                POST /api/internal/sync/users HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: half\r\n\
                X-Sync-Source: load\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n
                """
            try? await RawConnection.run(port: port) { write, _ in try await write(head + part) }
            _ = try? await ServerProcess.send("GET", port: port, "/api/internal/sync/status")
            try? await Task.sleep(for: .milliseconds(FaultScale.isSanitized ? 1000 : 20))
        }
    }

    private func caller(_ tenant: String, _ random: SeededGenerator) async throws -> Outcome {
        var random = random
        var outcome = Outcome(model: TenantModel(tenant: tenant, bulkSize: bulkSize))
        var number = 0
        while !state.withLock({ $0.isStopping }) {
            let step = TenantModel.randomStep(number: number, using: &random)
            let request = outcome.model.request(step)
            let id = try await acknowledge(request.path, request.body, tenant: tenant, key: "\(tenant)-\(number)")
            outcome.jobs.append(Acknowledged(jobID: id, expected: outcome.model.apply(step)))
            state.withLock { $0.acknowledged += 1 }
            number += 1
            if pause > .zero { try await Task.sleep(for: pause) }
        }
        return outcome
    }

    private func acknowledge(_ path: String, _ body: String, tenant: String, key: String) async throws -> String {
        let headers = ["X-Tenant-ID": tenant, "X-Sync-Source": "load", "Idempotency-Key": key]
        let deadline = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < deadline {
            let port = state.withLock { $0.port }
            do {
                let answer = try await ServerProcess.send("POST", port: port, path, headers: headers, body: body)
                if answer.status == 503 {
                    state.withLock {
                        $0.unavailable += 1
                        if Int(answer.header("retry-after") ?? "") == nil { $0.unavailableWithoutRetryAfter += 1 }
                    }
                }
                if answer.status == 202, let id = answer.json.jobId.string { return id }
                // 409: the broken request still counts as arriving. 503: it stops.
                guard answer.status == 409 || answer.status == 503 else {
                    throw LoadError.refused(status: answer.status, body: String(decoding: answer.body, as: UTF8.self))
                }
            } catch let error as LoadError {
                throw error
            } catch let error as ServerProcess.CutAnswer {
                if error.status == 202 { state.withLock { $0.cut += 1 } }
            } catch {
                // Nobody listens, or the connection broke before an answer: once more.
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw LoadError.neverAcknowledged
    }

    enum LoadError: Error {
        case refused(status: Int, body: String)
        case neverAcknowledged
    }
}
