import Settings
import HTTPTypes
import JobQueue
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

import UsersyncApp
@testable import SyncServer

@Suite("Submitting: large uploads at once")
struct UploadSeatsTests {
    @Test("one more than there are seats for is a 503; small ones need none; a seat is free again whatever became of the upload")
    func seats() async throws {
        try await TestServer.run { server in
            let assembly = server.app.assembly
            var dependencies = IntakeDependencies(
                queue: assembly.queue, engine: assembly.engine, settings: assembly.settings, clock: server.clock.wallClock,
                limiter: SubmissionLimiter(assembly.settings.rateLimit, clock: server.clock.wallClock),
                budget: RunBudget(blocks: 4), isDraining: { false }, callbackProblem: { _ in nil })
            dependencies.seats = UploadSeats(1)
            let large = Array(Bodies.sync(Bodies.users(9_000)).utf8)
            let small = Array(Bodies.sync(Bodies.users(10)).utf8)
            func take(_ bytes: [UInt8], _ session: UploadSession) throws { try bytes.withUnsafeBytes { try session.take($0) } }

            var first: UploadSession? = UploadSession(dependencies)
            if let first { try take(large, first) }
            let second = UploadSession(dependencies)
            let refusal = #expect(throws: APIError.self) { try take(large, second) }
            #expect(refusal?.status == .serviceUnavailable && refusal?.headers[.retryAfter] != nil)
            try take(small, UploadSession(dependencies))
            await first?.discard()
            try take(large, UploadSession(dependencies))
            first = nil
            // The one before is gone without a word.
            let last = UploadSession(dependencies)
            try take(large, last)
            #expect(throws: APIError.self) { try take(large, UploadSession(dependencies)) }
            await last.discard()
        }
    }
}
