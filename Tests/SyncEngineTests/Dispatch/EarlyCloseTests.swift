import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import SyncEngine

@Suite("A bulk's commit closes early")
struct EarlyCloseTests {
    @Test("at its next batch boundary once the process stops")
    func stopInCommit() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let directory = ScriptedDirectory(taking: { batches, closeEarly in
            start.finish()
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                if closeEarly() { return 1 }
                await Task.yield()
            }
            return batches
        })
        try await EngineBench.run(directory: directory) { bench in
            _ = try await bench.accept("a", users: 5000)
            for await _ in started {}
        }
        #expect(directory.calls.map(\.count) == [50] && directory.effects.count == 1)
    }

    @Test(
        "at its next batch boundary for another tenant, who waits for a worker or with one for the directory",
        arguments: [1, 2])
    func givesWay(workers: Int) async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let closed = Mutex<Bool?>(nil)
        let othersCame = Mutex(false)
        let directory = ScriptedDirectory(taking: { batches, closeEarly in
            let deadline = ContinuousClock.now + .seconds(20)
            guard batches > 1, closed.withLock({ $0 }) == nil else {
                othersCame.withLock { $0 = true }
                while closed.withLock({ $0 }) == nil { await Task.yield() }
                return batches
            }
            start.finish()
            // The other worker has taken the turn: nobody waits for one any more.
            while workers > 1, !othersCame.withLock({ $0 }), ContinuousClock.now < deadline { await Task.yield() }
            var closes = false
            while !closes, ContinuousClock.now < deadline {
                await Task.yield()
                closes = closeEarly()
            }
            closed.withLock { [closes] in $0 = closes }
            return closes ? 1 : batches
        })
        try await EngineBench.run(workers: workers, directory: directory) { bench in
            _ = try await bench.accept("a", users: 5000)
            for await _ in started {}
            let small = try await bench.accept("b", users: 1)
            #expect(await bench.engine.ended(small, within: 60)?.state == .completed)
        }
        #expect(closed.withLock { $0 } == true)
    }
}
