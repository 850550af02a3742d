import Foundation
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("A job that was accepted though its caller was told that it was not")
struct UnknownAcceptanceTests {
    @Test(
        "where the file was moved within the commit, it keeps its batches and its key, whenever its upload is discarded",
        arguments: [true, false])
    func discarded(_ isDiscardedWhileAway: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            let away = queue.path + ".away"
            let upload = try await queue.openUpload(expecting: 10_000)
            try await queue.append(batches(200), to: upload)
            let key = NewJob.Idempotency(claim: try await fixture.claim(queue, "k"), bodyHash: [1])
            let new = fixture.newJob("a", users: 210, idempotency: key)
            try await queue.inOneCommit([
                {
                    await #expect(throws: QueueError.self) {
                        _ = try await queue.accept(new, upload: upload, batches: [batch(200..<210)])
                    }
                },
                {
                    await #expect(throws: QueueError.self) {
                        try await queue.writer.write { context in context.afterCommit { try? move(queue.path, away) } }
                    }
                },
            ])
            // As intake does with what was not accepted.
            if isDiscardedWhileAway { await queue.discard(upload) }
            await queue.releaseClaim(key.claim)
            try move(away, queue.path)
            if !isDiscardedWhileAway { await queue.discard(upload) }
            _ = await queue.makeRoom()
            #expect(
                try await queue.claim(tenantID: "a", path: "/sync", key: "k", now: fixture.now)
                    == .known(job: new.id, bodyHash: [1]))
            #expect(try await queue.audit() == [])
            #expect(try await fixture.lease(queue, "a", 9).flatMap(\.payload.indices) == Array(0..<210))
        }
    }
}

private func move(_ from: String, _ to: String) throws { try FileManager.default.moveItem(atPath: from, toPath: to) }
