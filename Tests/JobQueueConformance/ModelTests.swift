import JobQueue
import TestSupport
import Testing

@Suite("Any sequence of calls")
struct ModelTests {
    @Test(
        "after any sequence of calls, kills between them, the queue holds what it should and its figures add up",
        arguments: QueueDriver.all, Property.seeds(known: [1, 2, 3, 4, 5, 6], fresh: 6))
    func anySequence(_ driver: QueueDriver, seed: UInt64) async {
        await Property.holds(seed: seed, steps: 240) { steps in
            try await driver.withQueue { fixture, queue in
                var model = QueueModel(fixture: fixture, queue: queue, seed: seed)
                do {
                    try await anySequence(driver, fixture, &model, steps: steps)
                } catch {
                    await model.queue.close()
                    throw error
                }
                await model.queue.close()
            }
        }
    }

    private func anySequence(
        _ driver: QueueDriver, _ fixture: QueueFixture, _ model: inout QueueModel, steps: Int
    ) async throws {
        for i in 1...steps {
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
    }
}
