import Foundation
import NIOCore
import ServerTestSupport
import TestSupport
import Testing

import UsersyncApp
@testable import SyncServer

@Suite("Connections that nobody pays for")
struct CrowdTests {
    private let live = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private var withKey: String {
        "GET /api/health HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n\r\n"
    }

    @Test("at the bound the stranger idle longest goes, callers with a key stay, and the newest is served")
    func bound() async throws {
        try await TestServer.run { server in
            var dependencies = server.dependencies()
            dependencies.maxConnections = 20
            let beside = try await Beside.start(dependencies)
            var callers: [RawCaller] = []
            for _ in 0..<10 {
                let caller = try await RawCaller.connect(port: beside.port)
                await caller.send(withKey)
                #expect(await eventually { caller.answer.hasPrefix("HTTP/1.1 200") })
                callers.append(caller)
            }
            var strangers: [RawCaller] = []
            for number in 0..<60 {
                let stranger = try await RawCaller.connect(port: beside.port)
                // Answered, so that the order in which they came is known.
                await stranger.send(live)
                try #require(await eventually { stranger.answer.hasPrefix("HTTP/1.1 200") })
                // Half a head is no request.
                if number % 2 == 0 { await stranger.send("GET /li") }
                strangers.append(stranger)
            }
            let areClosed = await eventually { strangers.prefix(50).allSatisfy(\.isClosed) }
            #expect(areClosed, "\(strangers.indices.filter { !strangers[$0].isClosed }) are open")
            let (answers, _) = try await RawCaller.answers(port: beside.port, live)
            #expect(answers.first?.status == 200)
            #expect(callers.allSatisfy { !$0.isClosed })
            for caller in callers where !caller.isClosed {
                await caller.send(withKey)
                #expect(await eventually { caller.answer.split(separator: "HTTP/1.1 200").count == 2 })
            }
            let lines = server.log.lines.filter { $0.message.hasPrefix("as many connections as there may be") }
            #expect(!lines.isEmpty && lines.count < 10)
            let metrics = try await server.get("/metrics").text
            let closed = metrics.split(separator: "\n").first {
                $0.hasPrefix(#"usersync_connections_closed_total{reason="bound"}"#)
            }
            #expect((closed?.split(separator: " ").last.flatMap { Double($0) } ?? 0) >= 50)
            #expect(metrics.contains("\nusersync_connections "))
            for caller in callers + strangers { await caller.close() }
            try await beside.stop()
        }
    }

    @Test("strangers whom it has answered and who go on sending go before one whose request is still to come")
    func answeredStrangers() async throws {
        try await TestServer.run { server in
            var dependencies = server.dependencies()
            dependencies.maxConnections = 16
            let beside = try await Beside.start(dependencies)
            func stranger() async throws -> RawCaller {
                let caller = try await RawCaller.connect(port: beside.port)
                await caller.send(
                    "POST /api/internal/sync/users HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: wrong\r\nContent-Length: 1000000\r\n\r\nx"
                )
                #expect(await eventually { caller.answer.hasPrefix("HTTP/1.1 4") })
                return caller
            }
            var strangers: [RawCaller] = []
            for _ in 0..<15 { strangers.append(try await stranger()) }
            let good = try await RawCaller.connect(port: beside.port)
            for _ in 0..<8 { strangers.append(try await stranger()) }
            await good.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await eventually(10) { good.answer.hasPrefix("HTTP/1.1 200") })
            for caller in strangers + [good] { await caller.close() }
            try await beside.stop()
        }
    }

    @Test("callers with a key who sent half a body hold no place against a newcomer; those that go are told")
    func halfBodies() async throws {
        try await TestServer.run { server in
            var dependencies = server.dependencies()
            dependencies.maxConnections = 16
            let beside = try await Beside.start(dependencies)
            let body = Bodies.sync([], tenant: "hostile")
            var holders: [RawCaller] = []
            for _ in 0..<20 {
                let caller = try await RawCaller.connect(port: beside.port)
                await caller.send(RawCaller.head("Content-Length: \(body.utf8.count)", "Expect: 100-continue"))
                // So that it is served before the next one comes.
                #expect(await eventually { caller.answer.hasPrefix("HTTP/1.1 100") })
                await caller.send(String(body.prefix(20)))
                holders.append(caller)
                // Those in its way are told before the next one comes; a few places are kept free for whoever has sent nothing yet.
                let gone = max(0, holders.count - 14)
                try #require(await eventually { holders.count { $0.answer.contains("HTTP/1.1 503") } >= gone })
            }
            for path in ["/livez", "/readyz", "/api/internal/sync/status", "/livez", "/readyz"] {
                let (answers, _) = try await RawCaller.answers(
                    port: beside.port, "GET \(path) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n\r\n")
                #expect(answers.first?.status == 200, "\(path)")
            }
            // The rest of a body is taken of those that were not in the way.
            for caller in holders { await caller.send(String(body.dropFirst(20))) }
            let areAnswered = await eventually {
                holders.allSatisfy { $0.answer.contains("HTTP/1.1 202") || $0.answer.contains("HTTP/1.1 503") }
            }
            #expect(areAnswered)
            let gone = holders.filter { $0.answer.contains("HTTP/1.1 503") }
            #expect((6...11).contains(gone.count) && gone.allSatisfy { $0.answer.contains("Retry-After: ") })
            for caller in holders { await caller.close() }
            try await beside.stop()
        }
    }

    @Test("callers who wait for a result make room with their 202, the one waiting longest first")
    func waiting() async throws {
        try await TestServer.run { server in
            var dependencies = server.dependencies()
            dependencies.maxConnections = 16
            let beside = try await Beside.start(dependencies)
            let waiters = try await OtherProcess.whileItLocks(server.databasePath) {
                var waiters: [RawCaller] = []
                for number in 1...20 {
                    let caller = try await RawCaller.connect(port: beside.port)
                    let body = Bodies.sync([Bodies.user("u\(number)", "u\(number)@x.io")], tenant: "hostile")
                    await caller.send(RawCaller.head("Content-Length: \(body.utf8.count)", "Prefer: wait=25") + body)
                    waiters.append(caller)
                    // So that it waits before the next one comes.
                    try #require(
                        await eventually(10) {
                            (try? await server.get("/api/internal/sync/status").json.pendingUsers.int) == number
                        })
                    let gone = waiters.prefix(max(0, number - 14))
                    try #require(await eventually(10) { gone.allSatisfy { $0.answer.contains("warnings") } })
                }
                return waiters
            }
            for caller in waiters.prefix(6) {
                #expect(caller.answer.hasPrefix("HTTP/1.1 202") && caller.answer.contains("Connection: close"))
            }
            #expect(await eventually { waiters.dropFirst(6).allSatisfy { $0.answer.hasPrefix("HTTP/1.1 200") } })
            for caller in waiters { await caller.close() }
            try await beside.stop()
        }
    }

    @Test("who takes nothing of an answer loses the connection, with a key or without")
    func stalled() async throws {
        try await TestServer.run { server in
            let id = try await server.submitted(Bodies.users(3000))
            _ = try await server.ended(id)
            let before = try await closed(.stalled, server)
            var dependencies = server.dependencies()
            dependencies.limits.writeTime = .seconds(1)
            let beside = try await Beside.start(dependencies)
            let results =
                "GET /api/internal/sync/jobs/\(id)/results HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\n"
                + "X-Internal-API-Key: \(TestServer.key)\r\n\r\n"
            // More than the sockets take: a megabyte an answer, and many small ones.
            let (few, many) = (String(repeating: results, count: 40), String(repeating: live, count: 400))
            let deaf = [
                try await RawCaller.connect(port: beside.port, reads: false),
                try await RawCaller.connect(port: beside.port, reads: false),
            ]
            await deaf[0].send(few)
            let sending = Task { for _ in 0..<200 where !deaf[1].isClosed { await deaf[1].send(many) } }
            // It is the server that ends it: a connection that is not read learns of that by writing.
            let areClosed = try await eventually { try await closed(.stalled, server) >= before + 2 }
            #expect(areClosed)
            for caller in deaf { await caller.close() }
            await sending.value
            try await beside.stop()
        }
    }

    private func closed(_ reason: ConnectionRegister.Reason, _ server: TestServer) async throws -> Double {
        let line = try await server.get("/metrics").text.split(separator: "\n")
            .first { $0.hasPrefix(#"usersync_connections_closed_total{reason="\#(reason.rawValue)"}"#) }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
    }

    @Test("a crowd that pipelines and reads nothing costs some KiB each, hinders nobody, and leaves nothing behind")
    func crowd() async throws {
        try await TestServer.inFolder { folder, receiver in
            let count = FaultScale.pick(1000, full: min(10_000, OpenFiles.raise() ?? 1000) - 500)
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let good = GoodCaller(server, receiver, folder)
            var report = FaultReport(fault: "a crowd that pipelines and reads nothing")
            for _ in 0..<3 { try await good.submit(&report) }
            let before = server.memory
            let pipelined = String(repeating: live, count: 1000)
            var crowd: [RawCaller] = []
            for number in 0..<count {
                let caller = try await RawCaller.connect(port: server.port, reads: false)
                // Not waited for: it will never be taken whole.
                caller.start(number % 4 == 3 ? "GET /livez HTTP/1.1\r\nX: " : pipelined)
                crowd.append(caller)
                report.tries += 1
            }
            // The system takes more than the server has accepted: all of them are to be its own.
            let areIn = await eventually(120) { server.openFiles >= count }
            #expect(areIn, "\(server.openFiles) open files of the server for \(count) connections")
            for _ in 0..<5 { try await good.submit(&report) }
            let grown = server.memory - before
            #expect(grown < count * 36 << 10, "\(grown >> 10) KiB for \(count): \(grown / count >> 10) KiB each")
            await withDiscardingTaskGroup { group in for caller in crowd { group.addTask { await caller.close() } } }
            let isBack = await eventually { server.memory < before + max(48 << 20, grown / 2) }
            #expect(isBack, "\(before >> 20) MiB before, \(server.memory >> 20) after")
            try await good.submit(&report)
            #expect(await server.terminate(within: 25) == 0)
            try report.publish()
        }
    }
}
