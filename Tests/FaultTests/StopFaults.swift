import Foundation
import NIOCore
import ServerTestSupport
import Synchronization
import TestSupport
import Testing

@Suite("Faults: stopped in the middle of everything")
struct StopFaults {
    private static let waiters = ["w1", "w2", "w3"]

    /// What became of a caller who waits for a result.
    private enum Answer: Sendable, Equatable {
        case whole(status: Int)
        /// The head came, and not all of the body.
        case cut(status: Int)
        case none(after: Double, error: String)
    }

    @Test("SIGTERM with uploads, waiting callers, slow webhooks and a long commit under way: ends with 0 in time, cuts no answer")
    func inTheMiddle() async throws {
        let seed = FaultScale.seed()
        print("seed of the stop test: \(seed)")
        var report = FaultReport(fault: "SIGTERM in the middle of uploads, waits, webhooks, a long commit")
        try await TestServer.inFolder { folder, receiver in
            var server = try await ServerProcess.start(folder: folder, receiver: receiver)
            // About a hundredth of a second each.
            try OtherProcess.slowDown(
                folder.appending(path: "data/crm.sqlite").path, when: "NEW.name LIKE 'Slow%'", steps: 100_000)
            let load = MixedLoad(
                port: server.port, tenants: ["t1", "t2"], seed: seed, bulkSize: 300, cutsUploads: true, pause: .milliseconds(20))
            async let running = load.run()
            var outcomes = Self.waiters.map { MixedLoad.Outcome(model: TenantModel(tenant: $0)) }
            var seconds: [Double] = []
            for number in 0..<FaultScale.pick(2, full: 30) {
                receiver.answer(after: .seconds(2))
                let steps = Self.waiters.map { tenant in
                    // A commit of some seconds, unlike any before.
                    TenantModel.Step.chosen((0..<20).map { (user: $0, name: "Slow \(number) \(tenant)") })
                }
                let port = server.port
                let requests = zip(outcomes, steps).map { $0.model.request($1) }
                async let uploads = Self.upload(port: port)
                async let answers = Self.wait(requests, port: port, number)
                let isBusy = try await eventually(30) {
                    let status = try await server.get("/api/internal/sync/status").json
                    guard (status.workers.active.int ?? 0) > 0, (status.webhooks.pending.int ?? 0) > 0 else { return false }
                    for waiter in Self.waiters {
                        let jobs = try await server.get("/api/internal/sync/jobs?limit=200&tenantId=\(waiter)").json.jobs
                        guard jobs.array.count == number + 1 else { return false }
                    }
                    return true
                }
                #expect(isBusy, "everything is under way")
                let start = ContinuousClock.now
                #expect(await server.terminate(within: 30) == 0, "\(server.log.suffix(2000))")
                seconds.append((ContinuousClock.now - start) / .seconds(1))
                report.tries += 1
                let found = await answers
                // Each was accepted: with its result in time, else without it, each learns that.
                #expect(found.allSatisfy { $0 == .whole(status: 200) || $0 == .whole(status: 202) }, "\(found)")
                let refusals = await uploads
                #expect(
                    refusals.allSatisfy { $0.isEmpty || $0.contains("HTTP/1.1 503") && $0.contains("requestId") }, "\(refusals)")

                receiver.answer(after: .zero)
                server = try await ServerProcess.start(folder: folder, receiver: receiver)
                load.moved(to: server.port)
                for index in outcomes.indices {
                    // The key says which job it was, or makes it one now.
                    let answer = try await Self.send(requests[index], of: Self.waiters[index], number, port: server.port, wait: 0)
                    let id = try #require(answer.json.jobId.string)
                    outcomes[index].jobs.append(
                        MixedLoad.Acknowledged(jobID: id, expected: outcomes[index].model.apply(steps[index])))
                }
            }
            load.stop()
            try await Aftermath(server: server, receiver: receiver, folder: folder)
                .add(try await running + outcomes, to: &report)
            print("seconds from SIGTERM to the end: \(seconds)")
            #expect(seconds.allSatisfy { $0 < 20 }, "SHUTDOWN_GRACE is 20 seconds")
            #expect(load.cut == 0)
            #expect(report.attempts == 0)
            #expect(await server.terminate(within: 25) == 0)
        }
        try report.publish()
    }

    /// Bodies of which one half comes, and then nothing.
    /// - Returns: what the server said; empty where the connection just ended.
    private static func upload(port: Int) async -> [String] {
        let body = Bodies.sync(Bodies.users(2000), tenant: "half")
        let head = """
            POST /api/internal/sync/users HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: half\r\n\
            X-Sync-Source: load\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n
            """
        return await withTaskGroup(of: String.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    let said = try? await RawConnection.run(port: port) { write, read in
                        try await write(head + body.prefix(body.utf8.count / 2))
                        return try await read("requestId")
                    }
                    return said ?? ""
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func wait(_ requests: [(path: String, body: String)], port: Int, _ number: Int) async -> [Answer] {
        await withTaskGroup(of: Answer.self) { group in
            for (tenant, request) in zip(waiters, requests) {
                group.addTask {
                    let start = ContinuousClock.now
                    do {
                        return .whole(status: try await send(request, of: tenant, number, port: port, wait: 25).status)
                    } catch let error as ServerProcess.CutAnswer {
                        return .cut(status: error.status)
                    } catch {
                        return .none(after: (ContinuousClock.now - start) / .seconds(1), error: "\(error)")
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func send(
        _ request: (path: String, body: String), of tenant: String, _ number: Int, port: Int, wait: Int
    ) async throws -> TestServer.Answer {
        var headers = ["X-Tenant-ID": tenant, "X-Sync-Source": "stop", "Idempotency-Key": "\(tenant)-\(number)"]
        if wait > 0 { headers["Prefer"] = "wait=\(wait)" }
        return try await ServerProcess.send("POST", port: port, request.path, headers: headers, body: request.body)
    }
}
