import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: users whom the database refuses")
struct PoisonFaults {
    /// How a trigger refuses: the statement, what the statement did before, or the whole transaction is undone.
    private static let ways = ["ABORT", "FAIL", "ROLLBACK"]

    private struct Refusals: Sendable {
        var outcome: MixedLoad.Outcome
        /// Indices of the users that must fail, by job.
        var failing: [String: [Int]] = [:]
    }

    @Test("exactly those fail, at whatever places of a job, and all others are synced; the counts are exact")
    func poison() async throws {
        let seed = FaultScale.seed()
        print("seed of the poison test: \(seed)")
        var report = FaultReport(fault: "users refused by triggers (ABORT, FAIL, ROLLBACK)")
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            try refuse(in: folder)
            let loads = try await withThrowingTaskGroup(of: Refusals.self) { group in
                for number in 0..<3 {
                    group.addTask {
                        try await self.submit("t\(number)", port: server.port, SeededGenerator(seed: seed &+ UInt64(number)))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let aftermath = Aftermath(server: server, receiver: receiver, folder: folder)
            try await aftermath.add(loads.map(\.outcome), to: &report)
            for (job, indices) in loads.flatMap(\.failing) {
                report.tries += indices.count
                let page = try await server.get("/api/internal/sync/jobs/\(job)/results?status=failed&limit=1000").json
                #expect(page.results.array.map(\.index.int) == indices, "job \(job)")
                #expect(page.results.array.allSatisfy { $0.code.string == "refused_by_database" })
            }
            #expect(report.attempts == 0)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    /// Triggers of the CRM's own, one for each way, for new rows and for changed ones.
    private func refuse(in folder: URL) throws {
        let other = try OtherProcess(path: folder.appending(path: "data/crm.sqlite").path)
        for way in Self.ways {
            for event in ["INSERT", "UPDATE"] {
                try other.execute(
                    """
                    CREATE TRIGGER refuse_\(way)_\(event) BEFORE \(event) ON users
                    WHEN NEW.name LIKE '\(TenantModel.poison) \(way)%' BEGIN SELECT RAISE(\(way), 'not this one'); END
                    """)
            }
        }
        try other.close()
    }

    private func submit(_ tenant: String, port: Int, _ random: SeededGenerator) async throws -> Refusals {
        var random = random
        var load = Refusals(outcome: MixedLoad.Outcome(model: TenantModel(tenant: tenant)))
        for number in 0..<FaultScale.pick(20, full: 300) {
            let users = Self.users(of: number, using: &random)
            let request = load.outcome.model.request(.chosen(users))
            let headers = ["X-Tenant-ID": tenant, "X-Sync-Source": "load"]
            let answer = try await ServerProcess.send("POST", port: port, request.path, headers: headers, body: request.body)
            guard answer.status == 202, let id = answer.json.jobId.string else {
                throw MixedLoad.LoadError.refused(status: answer.status, body: answer.text)
            }
            load.failing[id] = users.indices.filter { users[$0].name.hasPrefix(TenantModel.poison) }
            load.outcome.jobs.append(
                MixedLoad.Acknowledged(jobID: id, expected: load.outcome.model.apply(.chosen(users))))
        }
        return load
    }

    /// The users of a job: one, some, or several batches; none, a few or all of them are refused. Some come twice.
    private static func users(of number: Int, using random: inout SeededGenerator) -> [(user: Int, name: String)] {
        let counts = [1, 2, 99, 100, 101, Int.random(in: 1...400, using: &random)]
        let count = counts.randomElement(using: &random) ?? 1
        let shares: [Double] = [0, 0.01, 0.05, number % 7 == 0 ? 1 : 0.1]
        let share = shares.randomElement(using: &random) ?? 0
        return (0..<count).map { _ in
            let way = ways.randomElement(using: &random) ?? ""
            let isRefused = Double.random(in: 0..<1, using: &random) < share
            return (
                Int.random(in: 0..<600, using: &random), isRefused ? "\(TenantModel.poison) \(way) \(number)" : "Name \(number)"
            )
        }
    }
}
