import Foundation
import GRDB
import ServerTestSupport
import SyncEngine
import TestSupport
import Testing

import UsersyncApp
import Webhooks

@Suite("Webhooks and restarts")
struct RestartTests {
    @Test("a webhook is signed, comes again after a 500 with the same id and body, and then no more")
    func retried() async throws {
        try await TestServer.run { server in
            server.receiver.answer(with: 500)
            let id = try await server.submitted([Bodies.user("u1", "a@x.io")])
            let first = try #require(await server.receiver.wait(for: 1).first)
            let isRecorded = try await eventually { try await server.job(id).webhook.attempts.int == 1 }
            #expect(isRecorded)
            let pending = try await server.job(id).webhook
            #expect(pending.state.string == "pending" && pending.lastStatus.int == 500 && pending.nextAttemptAt.string != nil)
            server.receiver.answer(with: 200)
            let second = try #require(await server.receiver.wait(for: 2, seconds: 30).last)
            let isDelivered = try await eventually { try await server.job(id).webhook.state.string == "delivered" }
            #expect(isDelivered && server.receiver.received.count == 2)
            #expect(first.headers["webhook-id"] == second.headers["webhook-id"] && first.body == second.body)
            let verifier = WebhookVerifier(secrets: [.derived(fromInternalKey: TestServer.key)])
            for webhook in [first, second] {
                try verifier.verify(
                    id: webhook.headers["webhook-id"], timestamp: webhook.headers["webhook-timestamp"],
                    signature: webhook.headers["webhook-signature"], body: Array(webhook.body), now: server.clock.now)
            }
        }
    }

    @Test("webhooks that wait when the server stops arrive after the next start, with the ids they had")
    func pendingOverRestart() async throws {
        try await TestServer.inFolder { folder, receiver in
            var ids: [String] = []
            receiver.answer(with: 503)
            try await TestServer.start(folder: folder, receiver: receiver) { server in
                for number in 0..<3 { ids.append(try await server.submitted([Bodies.user("u\(number)", "u\(number)@x.io")])) }
                _ = await receiver.wait(for: 1)
                for id in ids { _ = try await server.ended(id) }
            }
            let before = receiver.received
            receiver.answer(with: 200)
            let clock = TestClock.running()
            clock.advance(60)
            try await TestServer.start(folder: folder, receiver: receiver, clock: clock) { server in
                for id in ids {
                    let isDelivered = try await eventually { try await server.job(id).webhook.state.string == "delivered" }
                    #expect(isDelivered)
                }
            }
            for id in ids {
                let sent = receiver.of(job: id)
                #expect(!sent.isEmpty && Set(sent.map { $0.headers["webhook-id"] }).count == 1)
            }
            #expect(receiver.received.count > before.count)
        }
    }

    @Test("a job whose server stops at once is completed after the next start, every user once, one webhook")
    func stoppedAtOnce() async throws {
        try await TestServer.inFolder { folder, receiver in
            var id = ""
            try await TestServer.start(folder: folder, receiver: receiver) { server in
                id = try await server.submitted(Bodies.users(3000))
            }
            try await TestServer.start(folder: folder, receiver: receiver) { server in
                let job = try await server.ended(id)
                #expect(job.status.string == "completed")
                #expect(job.metadata.created.int == 3000 && job.metadata.updated.int == 0 && job.metadata.unchanged.int == 0)
                #expect(job.attempts.array.isEmpty)
                let isDelivered = try await eventually { try await server.job(id).webhook.state.string == "delivered" }
                #expect(isDelivered && receiver.of(job: id).count == 1)
                #expect(try server.rows("SELECT count(*) AS n FROM users")[0]["n"] == 3000)
                #expect(try server.rows("SELECT count(*) AS n FROM sync_logs")[0]["n"] == 1)
            }
        }
    }

    @Test("a queue and a directory that are one file, however it is called, stop the start with what to do")
    func oneFile() async throws {
        try await TestServer.inFolder { folder, receiver in
            let data = folder.appending(path: "data")
            try FileManager.default.createSymbolicLink(
                atPath: data.appending(path: "link.sqlite").path, withDestinationPath: "crm.sqlite")
            for queue in ["\(data.path)/../data/./crm.sqlite", "\(data.path)/link.sqlite"] {
                let error = await #expect(throws: StartFailure.self, "\(queue)") {
                    try await TestServer.start(["QUEUE_URL": "sqlite:\(queue)"], folder: folder, receiver: receiver) { _ in }
                }
                #expect(error.map { "\($0)".contains("QUEUE_URL and DATABASE_URL name one file") } == true, "\(queue)")
            }
        }
    }

    @Test("one queue is one process's: a second server on it stops with what to do")
    func secondServer() async throws {
        try await TestServer.run { server in
            let error = try await #require(throws: (any Error).self) {
                let nothing: Void = try await TestServer.start(folder: server.folder, receiver: server.receiver) { _ in }
                return nothing
            }
            #expect("\(error)".contains("another process uses it"))
        }
    }
}
