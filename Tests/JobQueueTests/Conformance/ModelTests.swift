import JobQueue
import Testing

@Suite("Any sequence of calls")
struct ModelTests {
    /// A failure names its seed; put it here to see it again.
    static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, UInt64.random(in: 7 ... .max)]

    @Test(
        "After any sequence of calls, kills between them, the queue holds what it should and its figures add up",
        arguments: QueueDriver.all, seeds)
    func anySequence(_ driver: QueueDriver, seed: UInt64) async throws {
        try await driver.withQueue { fixture, queue in
            var model = QueueModel(fixture: fixture, queue: queue, seed: seed)
            for i in 1...240 {
                try await model.step()
                if i % 60 == 0 {
                    try await model.check()
                    #expect(try await driver.audit(model.queue) == [])
                }
                if i == 120 {
                    // The copy that a kill leaves is worked on from here; the original is closed by `withQueue`.
                    model.restarted(try await driver.killed(fixture))
                }
            }
            try await model.drain()
            try await model.check()
            #expect(try await driver.audit(model.queue) == [])
            await model.queue.close()
        }
    }
}
