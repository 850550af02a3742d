import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Faults: more comes than can be done")
struct OverloadFaults {
    private static let tenants = (0..<8).map { "f\($0)" }
    private static let jobUsers = 100

    @Test("a full queue refuses with a Retry-After that is true, stays bounded, and does everything that it took")
    func full() async throws {
        var report = FaultReport(fault: "ten times what can be done is submitted")
        let limit = 2000
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver, settings: ["MAX_PENDING_USERS": "\(limit)"])
            // About a millisecond a user.
            try OtherProcess.slowDown(folder.appending(path: "data/crm.sqlite").path)
            let load = FloodLoad(port: server.port, tenants: Self.tenants, usersPerJob: Self.jobUsers)
            async let running = load.run()
            var most = (pending: 0, queueLog: 0, directoryLog: 0)
            let end = ContinuousClock.now + .seconds(FaultScale.pick(10, full: 300))
            while ContinuousClock.now < end {
                let status = try await server.get("/api/internal/sync/status").json
                most.pending = max(most.pending, status.pendingUsers.int ?? .max)
                let data = folder.appending(path: "data")
                most.queueLog = max(most.queueLog, ProcessFigures.size(data.appending(path: "queue.sqlite-wal")))
                most.directoryLog = max(most.directoryLog, ProcessFigures.size(data.appending(path: "crm.sqlite-wal")))
                try await Task.sleep(for: .milliseconds(100))
            }
            load.stop()
            let outcomes = try await running
            let answers = load.answers
            report.tries = answers.refused
            // Who comes in time may get in above the limit: one job of each caller at most.
            #expect(most.pending <= limit + Self.tenants.count * Self.jobUsers)
            #expect(answers.withoutRetryAfter == 0 && answers.longestRetryAfter <= 60, "\(answers.statuses)")
            try await expectTrueRetryAfter(server)
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(outcomes, to: &report)
            let figures = try #require(ProcessFigures(of: server.processID))
            print(
                """
                overload: \(answers.statuses[202, default: 0]) jobs taken, \(answers.refused) refused; at most \(most.pending) users \
                pending, \(figures.peakMemory >> 20) MiB of memory, logs of \(most.queueLog >> 20) and \(most.directoryLog >> 20) MiB; \
                acknowledged in \(answers.percentile(0.5)) ms (median), \(answers.percentile(0.99)) ms (p99)
                """)
            #expect(figures.peakMemory < 512 << 20)
            #expect(most.queueLog < 512 << 20 && most.directoryLog < 1024 << 20)
            #expect(answers.refused > 10 * answers.statuses[202, default: 0] || !FaultScale.isFull)
            if FaultScale.isFull, ProcessInfo.processInfo.environment["USERSYNC_BINARY"] != nil {
                #expect(answers.percentile(0.99) < 50)
            }
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("a rate limit lets as many through as it says, and who waits for Retry-After gets in")
    func rateLimited() async throws {
        var report = FaultReport(fault: "submissions beyond the rate limit")
        let (most, window) = (10, 4)
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(
                folder: folder, receiver: receiver,
                settings: ["RATE_LIMIT_MAX": "\(most)", "RATE_LIMIT_WINDOW": "\(window)", "RATE_LIMIT_KEY": "tenant"])
            let load = FloodLoad(port: server.port, tenants: Self.tenants, usersPerJob: 1)
            let start = ContinuousClock.now
            async let running = load.run()
            try await Task.sleep(for: .seconds(FaultScale.pick(6, full: 60)))
            // Who was refused had as many taken as may be.
            #expect(await eventually { load.answers.limited.count == Self.tenants.count })
            load.stop()
            let outcomes = try await running
            let windows = Int((ContinuousClock.now - start) / .seconds(window)) + 1
            let answers = load.answers
            report.tries = answers.statuses[429, default: 0]
            #expect(answers.withoutRetryAfter == 0 && (1...window).contains(answers.longestRetryAfter), "\(answers.statuses)")
            #expect(outcomes.allSatisfy { $0.jobs.count <= most * windows && $0.jobs.count >= most })
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(outcomes, to: &report)
            var refused: TestServer.Answer?
            // At once, so that they fall into one window; on a slow machine the first try may lie across two.
            for _ in 0..<20 where refused == nil {
                refused = try await withThrowingTaskGroup(of: TestServer.Answer.self) { group in
                    for _ in 0...most { group.addTask { try await submit(server, tenant: "late") } }
                    return try await group.reduce(nil) { $1.status == 429 ? $1 : $0 }
                }
            }
            let wait = try #require(refused?.header("retry-after").flatMap { Int($0) })
            try await Task.sleep(for: .seconds(wait))
            #expect(try await submit(server, tenant: "late").status == 202)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    @Test("without the free disk asked for it takes nothing and says so; with it, the same requests are taken")
    func fullDisk() async throws {
        var report = FaultReport(fault: "less free disk than asked for")
        try await TestServer.inFolder { folder, receiver in
            let full = try await ServerProcess.start(
                folder: folder, receiver: receiver, settings: ["MIN_FREE_DISK_BYTES": "1125899906842624"])
            let load = FloodLoad(port: full.port, tenants: Self.tenants, usersPerJob: Self.jobUsers)
            async let running = load.run()
            try await Task.sleep(for: .seconds(1))
            load.stop()
            let none = try await running
            report.tries = load.answers.refused
            #expect(none.allSatisfy { $0.jobs.isEmpty } && Set(load.answers.statuses.keys) == [503])
            #expect(load.answers.withoutRetryAfter == 0)
            #expect(try await full.get("/readyz").status == 200, "a full disk is no reason to send callers elsewhere")
            #expect(try await full.get("/api/internal/sync/jobs").json.jobs == .array([]))
            #expect(await full.terminate(within: 25) == 0)

            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let again = FloodLoad(port: server.port, tenants: Self.tenants, usersPerJob: Self.jobUsers)
            async let runningAgain = again.run()
            try await Task.sleep(for: .milliseconds(500))
            again.stop()
            try await Aftermath(server: server, receiver: receiver, folder: folder).add(try await runningAgain, to: &report)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    /// Whoever is refused and waits as long as asked is taken, or sees that it has become less.
    private func expectTrueRetryAfter(_ server: ServerProcess) async throws {
        let refused = try await submit(server, tenant: "late")
        guard refused.status == 503 else {
            // The flood has ebbed already.
            #expect(refused.status == 202)
            return
        }
        let before = try await server.get("/api/internal/sync/status").json.pendingUsers.int ?? 0
        try await Task.sleep(for: .seconds(try #require(refused.header("retry-after").flatMap { Int($0) })))
        let after = try await server.get("/api/internal/sync/status").json.pendingUsers.int ?? .max
        let again = try await submit(server, tenant: "late")
        #expect(again.status == 202 || after < before, "\(before) users pending, then \(after)")
    }

    /// A sync of nobody: it counts as any other submission and leaves no row.
    private func submit(_ server: ServerProcess, tenant: String) async throws -> TestServer.Answer {
        try await ServerProcess.send(
            "POST", port: server.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": tenant],
            body: Bodies.sync([], tenant: tenant))
    }
}
