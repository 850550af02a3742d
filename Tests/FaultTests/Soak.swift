import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

/// A mixed load for as long as wished, with a kill every minute or so: `sh Tests/Tools/soak.sh`. No part of any other run.
@Suite("Soak", .enabled(if: FaultScale.soakMinutes != nil, "only with FAULTS_SOAK=minutes"))
struct Soak {
    private static let minutes = FaultScale.soakMinutes ?? 0

    /// What is looked at every ten seconds.
    private struct Figures {
        var acknowledged = Curve("jobs acknowledged")
        var ended = Curve("jobs ended")
        var memory = Curve("memory", unit: "MiB")
        var openFiles = Curve("open files")
        var queue = Curve("queue.sqlite", unit: "MiB")
        var queueLog = Curve("queue.sqlite-wal", unit: "MiB")
        var directoryLog = Curve("crm.sqlite-wal", unit: "MiB")
        var webhooks = Curve("webhooks received")

        var all: [Curve] { [acknowledged, ended, memory, openFiles, queue, queueLog, directoryLog, webhooks] }
        /// Those that must not grow, and by how much they may differ.
        var flat: [(curve: Curve, slack: Double)] { [(memory, 48), (openFiles, 32), (queueLog, 64), (directoryLog, 64)] }
    }

    @Test(
        "for long, killed again and again: nothing is lost or done twice, nothing grows that should not, space comes back"
    )
    func soak() async throws {
        let seed = FaultScale.seed()
        say("seed of the soak: \(seed)")
        var random = SeededGenerator(seed: seed)
        var report = FaultReport(fault: "soak of \(Int(Soak.minutes)) minutes")
        var figures = Figures()
        var kills: [Double] = []
        try await TestServer.inFolder { folder, receiver in
            var server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = MixedLoad(
                port: server.port, tenants: ["t1", "t2", "t3", "t4"], seed: seed, bulkSize: 2000, cutsUploads: true,
                pause: .milliseconds(100))
            async let running = load.run()
            let start = ContinuousClock.now
            var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }
            let end = Soak.minutes * 60
            var nextKill = Double.random(in: 20...90, using: &random)
            while elapsed < end {
                try await Task.sleep(for: .seconds(max(0, min(10, end - elapsed))))
                try await look(&figures, at: elapsed, server, folder, load, receiver)
                guard elapsed > nextKill, elapsed < end else { continue }
                await server.crash()
                report.tries += 1
                kills.append(elapsed)
                server = try await ServerProcess.start(folder: folder, receiver: receiver)
                load.moved(to: server.port)
                nextKill = elapsed + .random(in: 30...90, using: &random)
            }
            load.stop()
            say("the load has ended after \(load.acknowledged) jobs; waiting for what is left, then counting")
            try await Aftermath(server: server, receiver: receiver, folder: folder, patience: 900).add(
                try await running, to: &report)
            #expect(await server.terminate(within: 25) == 0)
            report.tries = max(report.tries, 1)
            draw(figures, kills)
            try await expectSpaceBack(folder, receiver)
        }
        for (curve, slack) in figures.flat {
            let (first, last) = curve.thirds
            #expect(last <= first * 1.5 + slack, "\(curve.name) grows: \(first), then \(last) \(curve.unit)")
        }
        try report.publish()
    }

    private func look(
        _ figures: inout Figures, at second: Double, _ server: ServerProcess, _ folder: URL, _ load: MixedLoad,
        _ receiver: HookReceiver
    ) async throws {
        func mebibytes(_ file: String) -> Double {
            Double(ProcessFigures.size(folder.appending(path: "data/" + file))) / 1_048_576
        }
        let jobs = try await server.get("/api/internal/sync/status").json.jobs
        let ended = jobs.keys.subtracting(["queued", "running"]).reduce(0) { $0 + (jobs[$1].int ?? 0) }
        let system = try #require(ProcessFigures(of: server.processID))
        figures.acknowledged.add(Double(load.acknowledged), at: second)
        figures.ended.add(Double(ended), at: second)
        figures.memory.add(Double(system.memory) / 1_048_576, at: second)
        figures.openFiles.add(Double(system.openFiles), at: second)
        figures.queue.add(mebibytes("queue.sqlite"), at: second)
        figures.queueLog.add(mebibytes("queue.sqlite-wal"), at: second)
        figures.directoryLog.add(mebibytes("crm.sqlite-wal"), at: second)
        figures.webhooks.add(Double(receiver.count), at: second)
        say("\(Int(second)) s: " + figures.all.map { "\($0.name) \($0.shown($0.last))" }.joined(separator: ", "))
    }

    private func draw(_ figures: Figures, _ kills: [Double]) {
        say("\nover time, each from 0 to its most; killed \(kills.count) times")
        for curve in figures.all {
            say(
                curve.name.padding(toLength: 20, withPad: " ", startingAt: 0) + curve.bars() + " at most "
                    + curve.shown(curve.most))
        }
        for (curve, _) in figures.flat {
            let (first, last) = curve.thirds
            say("\(curve.name): median of the first third \(curve.shown(first)), of the last third \(curve.shown(last))")
        }
        guard let path = ProcessInfo.processInfo.environment["SOAK_CHART"] else { return }
        let svg = Curve.svg(figures.all, marks: kills, title: "Soak, \(Int(Soak.minutes)) minutes; a red line is a kill")
        if (try? Data(svg.utf8).write(to: URL(filePath: path))) != nil { say("drawn in \(path)") }
    }

    /// Once the retention is over, housekeeping takes the jobs away and gives the space back.
    private func expectSpaceBack(_ folder: URL, _ receiver: HookReceiver) async throws {
        let file = folder.appending(path: "data/queue.sqlite")
        let before = ProcessFigures.size(file)
        let clock = TestClock.running()
        clock.advance(8 * 86_400)
        try await TestServer.start(folder: folder, receiver: receiver, clock: clock) { server in
            let isEmpty = try await eventually(600) {
                try await server.get("/api/internal/sync/jobs").json.jobs == .array([])
            }
            #expect(isEmpty, "jobs of before the retention are gone")
            let isSmall = await eventually(120) { ProcessFigures.size(file) < 16 << 20 }
            #expect(isSmall, "the space is given back")
            #expect(try server.rows("SELECT count(*) AS n FROM usersync_ledger")[0]["n"] == 0)
            say("after the retention: queue.sqlite \(before >> 20) MiB, then \(ProcessFigures.size(file) >> 20) MiB")
        }
    }

    /// At once, also into a file.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
