import InMemoryQueue
import JobQueue
import JobQueueSQLite
import Logging
import ServiceSupport
import SyncModel
import Telemetry
import TestSupport
import Testing
import UserDirectory

@testable import SyncEngine

/// A probe writes less than the work does, so it may succeed while the work fails.
@Suite("An outage that no probe meets")
struct OutageTrialTests {
    private static let tripped = "error directory unavailable, batches wait"
    private static let reset = "notice directory available again"

    /// Watches until the directory has been called `count` times.
    private func watch(_ bench: EngineBench, until count: Int) async -> Set<DirectoryHealth.State> {
        var seen: Set<DirectoryHealth.State> = []
        while bench.directory.calls.count + bench.directory.logged.count < count {
            if bench.directory.calls.count + bench.directory.logged.count > 0, bench.log.lines.contains(Self.tripped) {
                seen.insert(await bench.engine.status().directory.state)
            }
            await Task.yield()
        }
        return seen
    }

    private func expectOneOutage(_ bench: EngineBench) async {
        #expect(await bench.logs(Self.reset))
        #expect(bench.log.lines.count { $0 == Self.tripped } == 1)
        #expect(bench.log.lines.count { $0 == Self.reset } == 1)
        #expect(await bench.engine.status().directory.state == .ok)
    }

    @Test("where every commit fails and no probe does there is one line and one state, the pauses grow, and the end is noticed")
    func everyCommit() async throws {
        let isAway = Shared(true)
        let directory = ScriptedDirectory { _ in isAway.value ? .unavailable("no room") : nil }
        try await EngineBench.run(directory: directory) { bench in
            let start = ContinuousClock.now
            var ids: [JobID] = []
            for tenant in ["a", "b", "c"] as [TenantID] { ids.append(try await bench.accept(tenant, users: 1)) }
            // Large jobs are in commits of their own, which two workers would try at once.
            for tenant in ["d", "e"] as [TenantID] { ids.append(try await bench.accept(tenant, users: 300)) }
            let calls = directory.calls.count
            #expect(await watch(bench, until: calls + 5) == [.unavailable])
            // 0.1, 0.2 and 0.4 s at least lie between them; two of the first may have begun at once.
            #expect(start.duration(to: .now) > .seconds(0.7))
            #expect(directory.calls.count <= 2 + directory.probes, "one commit group is tried after each probe")
            isAway.value = false
            for id in ids {
                let job = await bench.engine.ended(id, within: 60)
                #expect(job?.state == .completed && job?.attempts == [])
            }
            await expectOneOutage(bench)
        }
    }

    @Test(
        "where the batches of one tenant alone meet an outage, the others' go on between the pauses, in the same one state",
        arguments: [300, 1])
    func oneTenant(users: Int) async throws {
        let poison = Shared<JobID?>(nil)
        let isAway = Shared(true)
        let directory = ScriptedDirectory { calls in
            calls[calls.count - 1].contains { $0.jobID == poison.value } && isAway.value ? .unavailable("no room") : nil
        }
        try await EngineBench.run(directory: directory) { bench in
            // A large job is in a commit of its own, small ones of several tenants share theirs.
            let first = try await bench.accept("a", users: users)
            poison.value = first
            while !bench.log.lines.contains(Self.tripped) {
                // It may have been applied before it was known to be the one.
                if let job = try await bench.queue.job(poison.value ?? first), job.state.isEnd {
                    poison.value = try await bench.accept("a", users: users)
                }
                await Task.yield()
            }
            for number in 0..<4 {
                let id = try await bench.accept(TenantID("t\(number)"), users: 1)
                #expect(await bench.engine.ended(id, within: 60)?.state == .completed)
                #expect(await bench.engine.status().directory.state == .unavailable)
            }
            isAway.value = false
            let last = try #require(poison.value)
            #expect(await bench.engine.ended(last, within: 60)?.state == .completed)
            await expectOneOutage(bench)
        }
    }

    @Test("results that cannot be written to the queue keep no other work from being tried")
    func stuckResults() async throws {
        let clock = TestClock.running()
        let queue = MemoryJobQueue(store: MemoryQueueStore(clock: clock.wallClock))
        let (logger, machine, metrics) = (
            Logger(label: "engine") { _ in SwiftLogNoOpLogHandler() }, Machine.real, EngineMetrics()
        )
        let configuration = EngineConfiguration(workers: 2, webhookURL: nil, publicURL: nil)
        let stuck = try await EngineBench.accept(queue, "a", users: 1)
        let isStuck = Shared(false)
        let leasing = ScriptedLeasing(
            base: queue,
            refusing: { batches in
                guard batches.contains(where: { $0.batch.jobID == stuck }) else { return }
                isStuck.value = true
                throw QueueError.unavailable("no room for it")
            })
        // The second commit meets an outage, which is over at once.
        let directory = ScriptedDirectory { $0.count == 2 ? .unavailable("locked") : nil }
        let breaker = CircuitBreaker(
            directory: directory, clock: clock.wallClock, machine: machine, logger: logger, probeDelays: 0.01...0.02)
        let closer = JobCloser(
            queue: queue, directory: directory, breaker: breaker, configuration: configuration, clock: clock.wallClock,
            metrics: metrics, logger: logger)
        let workers = (0..<2).map { _ in
            SyncWorker(
                queue: leasing, directory: directory, breaker: breaker, closer: closer, retry: .batches, clock: clock.wallClock,
                machine: machine, metrics: metrics, logger: logger, alarm: TransitionAlarm(logger: logger), onPutOff: {})
        }
        let dispatcher = Dispatcher(
            queue: leasing, keeper: LeaseKeeper(queue: leasing, seconds: 600, machine: machine, logger: logger), breaker: breaker,
            workers: workers, configuration: configuration, mostBatches: { 10 }, clock: clock.wallClock, machine: machine,
            logger: logger, alarm: TransitionAlarm(logger: logger))
        await breaker.whenUsable { dispatcher.wake.yield() }
        await withTaskGroup { tasks in
            tasks.addTask { await dispatcher.run() }
            tasks.addTask { await breaker.keepProbing() }
            #expect(await eventually { isStuck.value })
            _ = try? await EngineBench.accept(queue, "b", users: 1)
            dispatcher.wake.yield()
            #expect(await eventually { directory.effects.count == 2 }, "the other job is applied after the outage")
            tasks.cancelAll()
        }
    }

    @Test("where jobs' rows in sync_logs meet an outage, it is over once they are written, and the jobs then end at once")
    func endings() async throws {
        let tries = Shared(0)
        let directory = ScriptedDirectory(refusing: { _ in
            tries.value += 1
            return tries.value < 4 ? .unavailable("no room") : nil
        })
        try await EngineBench.run(sweepInterval: 3600, directory: directory) { bench in
            // Without users: nothing but its row is written.
            let id = try await bench.accept("a", users: 0)
            #expect(await watch(bench, until: 3) == [.unavailable])
            #expect(await bench.engine.ended(id, within: 60)?.state == .completed)
            await expectOneOutage(bench)
        }
    }

    @Test("if nothing is left of what had failed, a probe that succeeds is enough")
    func nothingLeft() async throws {
        let directory = ScriptedDirectory { _ in .unavailable("no room") }
        try await EngineBench.run(directory: directory) { bench in
            let id = try await bench.accept("a", users: 1)
            _ = await watch(bench, until: 3)
            _ = try await bench.engine.cancel(id)
            #expect(await bench.engine.ended(id, within: 60)?.state == .cancelled)
            await expectOneOutage(bench)
        }
    }
}
