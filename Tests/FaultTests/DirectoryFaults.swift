import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: the CRM's database is away")
struct DirectoryFaults {
    private typealias Trouble = AwayFile.Trouble

    /// Callers that leave the tests something to count: a job each every few hundredths of a second.
    private func load(port: Int) -> MixedLoad {
        let seed = FaultScale.seed()
        print("seed: \(seed)")
        return MixedLoad(
            port: port, tenants: ["t1", "t2", "t3"], seed: seed, bulkSize: FaultScale.pick(200, full: 1000),
            pause: .milliseconds(40))
    }

    @Test(
        "while it runs: jobs are taken, no try is counted, it says what is wrong, and goes on by itself",
        arguments: Trouble.running)
    func away(_ trouble: AwayFile.Trouble) async throws {
        var report = FaultReport(fault: "CRM database \(trouble.rawValue)")
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = load(port: server.port)
            async let running = load.run()
            for _ in 0..<FaultScale.pick(1, full: 5) {
                #expect(await grows(load, by: 20))
                let away = try await AwayFile(trouble, folder: folder, server: server)
                try await expectAway(trouble, server)
                #expect(await grows(load, by: 30), "jobs are taken meanwhile")
                let seconds = trouble == .locked ? FaultScale.pick(5, full: 180) : FaultScale.pick(1, full: 10)
                try await Task.sleep(for: .seconds(seconds))
                try await expectAway(trouble, server)
                try away.giveBack()
                report.tries += 1
                try await expectBack(server, load)
            }
            load.stop()
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(try await running, to: &report)
            #expect(report.attempts == 0)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("at start: jobs are taken, no try is counted, it says what is wrong, and goes on by itself", arguments: Trouble.atStart)
    func awayAtStart(_ trouble: AwayFile.Trouble) async throws {
        var report = FaultReport(fault: "CRM database \(trouble.rawValue)")
        try await TestServer.inFolder { folder, receiver in
            var server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = load(port: server.port)
            async let running = load.run()
            for _ in 0..<FaultScale.pick(1, full: 5) {
                #expect(await grows(load, by: 20))
                #expect(await server.terminate(within: 25) == 0)
                let away = try await AwayFile(trouble, folder: folder, server: nil)
                server = try await ServerProcess.start(folder: folder, receiver: receiver)
                load.moved(to: server.port)
                try await expectAway(trouble, server)
                #expect(await grows(load, by: 30), "jobs are taken meanwhile")
                try away.giveBack()
                report.tries += 1
                try await expectBack(server, load)
            }
            load.stop()
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(try await running, to: &report)
            #expect(report.attempts == 0)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("a file that was removed while open is not made anew: what was synced before is not to be lost unseen")
    func removed() async throws {
        try await TestServer.inFolder { folder, receiver in
            let file = folder.appending(path: "data/crm.sqlite")
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let load = load(port: server.port)
            async let running = load.run()
            #expect(await grows(load, by: 20))
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
            try await expectAway(.moved, server)
            #expect(await grows(load, by: 20))
            #expect(!FileManager.default.fileExists(atPath: file.path))
            load.stop()
            _ = try await running
            let ready = try await server.get("/readyz").json
            #expect(ready.directory.error.string?.contains("put it back") == true)
            // Whoever wants to begin anew restarts it.
            #expect(await server.terminate(within: 25) == 0)
            let next = try await ServerProcess.start(folder: folder, receiver: receiver)
            let isDone = try await eventually { try await next.get("/api/internal/sync/status").json.pendingUsers.int == 0 }
            #expect(isDone)
            #expect(await next.terminate(within: 25) == 0)
        }
    }

    private func grows(_ load: MixedLoad, by count: Int) async -> Bool {
        let before = load.acknowledged
        return await eventually { load.acknowledged >= before + count }
    }

    /// What `readyz` and `status` say while the directory is away.
    private func expectAway(_ trouble: AwayFile.Trouble, _ server: ServerProcess) async throws {
        let isSaid = try await eventually(30) {
            let directory = try await server.get("/readyz").json.directory
            return directory.state.string == "unavailable" && directory.error.string?.contains(trouble.word) == true
        }
        let ready = try await server.get("/readyz")
        #expect(isSaid, "\(ready.text)")
        #expect(ready.status == 200 && ready.json.status.string == "ready" && ready.json.directory.since.string != nil)
        let status = try await server.get("/api/internal/sync/status").json
        #expect(status.directory.state.string == "unavailable" && status.directory.error.string?.contains(trouble.word) == true)
        #expect(status.directory.since.string != nil && status.retrying == .array([]))
    }

    private func expectBack(_ server: ServerProcess, _ load: MixedLoad) async throws {
        let isBack = try await eventually {
            try await server.get("/api/internal/sync/status").json.directory.state.string == "ok"
        }
        #expect(isBack)
        #expect(await grows(load, by: 20))
    }
}
