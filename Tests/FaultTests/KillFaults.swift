import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: the process is killed or stopped under load")
struct KillFaults {
    private static let tenants = ["t1", "t2", "t3"]

    @Test("killed at random moments, it loses nothing acknowledged, applies nothing twice, and reports every end")
    func killedAtRandom() async throws {
        let seed = FaultScale.seed()
        print("seed of the kill test: \(seed)")
        var random = SeededGenerator(seed: seed)
        var report = FaultReport(fault: "kill -9 at random moments under mixed load")
        try await TestServer.inFolder { folder, receiver in
            var server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = MixedLoad(
                port: server.port, tenants: Self.tenants, seed: seed, bulkSize: FaultScale.pick(1000, full: 10_000),
                cutsUploads: true)
            async let running = load.run()
            let kills = FaultScale.pick(10, full: 200)
            for _ in 0..<kills {
                let before = load.acknowledged
                _ = await eventually(20) { load.acknowledged > before }
                // A moment of no meaning is the point here; now and then late enough for a bulk to be through.
                let most = Int.random(in: 0..<4, using: &random) == 0 ? 4000 : 400
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<most, using: &random)))
                await server.crash()
                report.tried(of: kills)
                server = try await ServerProcess.start(folder: folder, receiver: receiver)
                load.moved(to: server.port)
            }
            load.stop()
            let outcomes = try await running
            try await Aftermath(
                server: server, receiver: receiver, folder: folder, patience: FaultScale.pick(120, full: 1200)
            ).add(outcomes, to: &report)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("SIGTERM under load ends it with 0 within its grace; nothing acknowledged is lost, no attempt is counted")
    func terminated() async throws {
        let seed = FaultScale.seed()
        print("seed of the SIGTERM test: \(seed)")
        var report = FaultReport(fault: "SIGTERM under mixed load")
        try await TestServer.inFolder { folder, receiver in
            var server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = MixedLoad(
                port: server.port, tenants: Self.tenants, seed: seed, cutsUploads: true)
            async let running = load.run()
            let stops = FaultScale.pick(3, full: 30)
            for _ in 0..<stops {
                let before = load.acknowledged
                _ = await eventually(20) { load.acknowledged > before + 5 }
                #expect(await server.terminate(within: 30) == 0, "\(server.log.suffix(2000))")
                report.tried(of: stops)
                server = try await ServerProcess.start(folder: folder, receiver: receiver)
                load.moved(to: server.port)
            }
            load.stop()
            let outcomes = try await running
            try await Aftermath(
                server: server, receiver: receiver, folder: folder, patience: FaultScale.pick(120, full: 1200)
            ).add(outcomes, to: &report)
            for job in outcomes.flatMap(\.jobs) {
                let shown = try await server.get("/api/internal/sync/jobs/\(job.jobID)").json
                #expect(shown.attempts.array.isEmpty)
            }
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }
}
