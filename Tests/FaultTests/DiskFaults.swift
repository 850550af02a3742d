import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: the process dies at a call to the disk, with or without the power")
struct DiskFaults {
    private static let tenants = ["t1", "t2"]

    /// Has the server die at one point after the other under load, starting it again each time, and counts what became of the load.
    private func die(
        at points: [FaultDisk.Point], withPower losesPower: Bool, fault: String, seed: UInt64
    ) async throws -> FaultReport {
        print("seed of \(fault): \(seed)")
        var random = SeededGenerator(seed: seed)
        var report = FaultReport(fault: fault)
        try await TestServer.inFolder { folder, receiver in
            let disk = try FaultDisk(folder: folder)
            let load = MixedLoad(port: 1, tenants: Self.tenants, seed: seed, bulkSize: 250, cutsUploads: true)
            async let running = load.run()
            for point in points {
                let environment = try disk.environment(killedAt: point, losesPower: losesPower)
                // It may die before it listens.
                let server = try? await ServerProcess.start(folder: folder, receiver: receiver, settings: environment)
                if let server {
                    load.moved(to: server.port)
                    // As long as it comes further, however slowly.
                    var seen = -1
                    for _ in 0..<(FaultScale.isSanitized ? 2 : 200) where server.isRunning && load.acknowledged > seen {
                        seen = load.acknowledged
                        _ = await eventually(120) { !server.isRunning || load.acknowledged >= seen + 20 }
                    }
                    if server.isRunning {
                        // A sanitized server does not get as far in the time.
                        if !FaultScale.isSanitized { Issue.record("it does not come to \(point)") }
                        await server.crash()
                    }
                }
                report.tried(of: points.count)
                if losesPower { try disk.cutPower(using: &random) }
            }
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            load.moved(to: server.port)
            load.stop()
            let outcomes = try await running
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(outcomes, to: &report)
            #expect(await server.terminate(within: 25) == 0)
            print("killed at:", disk.kills().sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; "))
        }
        return report
    }

    /// Before and after each of the first `count` syncs of a process, and `writes` of its writes, half carried out.
    private func points(syncs count: Int, writes: Int, using random: inout SeededGenerator) -> [FaultDisk.Point] {
        let syncs = (1...count).flatMap { number in
            [FaultDisk.Point.When.before, .after].map { FaultDisk.Point(kind: .sync, number: number, when: $0) }
        }
        let writes = (0..<writes).map { _ in
            FaultDisk.Point(
                kind: .write, number: .random(in: 1...1500, using: &random),
                when: Bool.random(using: &random) ? .before : .after)
        }
        return syncs + writes
    }

    @Test("killed before and after each sync, and in the middle of writes, it loses nothing and applies nothing twice")
    func commitPoints() async throws {
        let seed = FaultScale.seed()
        var random = SeededGenerator(seed: seed)
        let points = points(syncs: FaultScale.pick(10, full: 100), writes: FaultScale.pick(6, full: 100), using: &random)
        try await die(at: points, withPower: false, fault: "kill -9 at every commit point", seed: seed).publish()
    }

    @Test("when the power goes, what was acknowledged is there, whatever part of what was not synced is lost")
    func powerCuts() async throws {
        let seed = FaultScale.seed()
        var random = SeededGenerator(seed: seed)
        let points = (0..<FaultScale.pick(16, full: 250)).map { _ in
            Bool.random(using: &random)
                ? FaultDisk.Point(kind: .sync, number: .random(in: 1...60, using: &random), when: .random(using: &random))
                : FaultDisk.Point(kind: .write, number: .random(in: 1...2500, using: &random), when: .random(using: &random))
        }
        try await die(at: points, withPower: true, fault: "power cut, unsynced writes lost in part", seed: seed).publish()
    }
}

extension FaultDisk.Point.When {
    fileprivate static func random(using random: inout SeededGenerator) -> Self { Bool.random(using: &random) ? .before : .after }
}
