import Foundation
import JobQueue
import SyncModel
import Synchronization

@testable import SyncEngine

/// What came of a scenario.
struct Verdict: Sendable {
    /// The first promise that was broken.
    var failure: String?
    var hash: UInt64
    var steps: Int
    var trace: [String]
}

/// A simulated world: callers, one process at a time, the directory, a receiver of webhooks; run step by step until every job that
/// was acknowledged has ended and everything was checked, or a promise was broken.
final class World: Sendable {
    let scenario: Scenario
    let scheduler: Scheduler
    let monitor = Monitor()
    let directory: MemoryDirectory
    let receiver = Receiver()
    let store: any SimulatedStore
    /// Of those who are no part of the process: callers, and whoever makes things go wrong.
    let outside: SeededExecutor
    private let state = Mutex(State())

    private struct State {
        var life: Life?
        var dead: [Life] = []
        var isAway = false
        var isRough = true
        /// The process starts or stops.
        var isChanging = true
        var isOver = false
        var starts: [CheckedContinuation<Void, Never>] = []
    }

    private init(_ scenario: Scenario, keepsLines: Bool) throws {
        self.scenario = scenario
        scheduler = Scheduler(seed: scenario.seed, keepsLines: keepsLines)
        outside = SeededExecutor(scheduler)
        directory = MemoryDirectory(
            monitor: monitor, tenants: Set(scenario.plans.map { TenantID("t\($0.tenant)") }), known: scenario.knownUsers)
        store = try scenario.makeStore()
    }

    /// Plays a scenario.
    static func play(_ scenario: Scenario, keepsLines: Bool = false) async throws -> Verdict {
        let world = try World(scenario, keepsLines: keepsLines)
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            // A thread of its own: the steps of the world are tasks' jobs, run by hand.
            let thread = Thread {
                world.run()
                done.resume()
            }
            thread.stackSize = 4 << 20
            thread.start()
        }
        for life in world.state.withLock({ state in state.dead + (state.life.map { [$0] } ?? []) }) { await life.bury() }
        await world.store.clear()
        let trace = world.scheduler.trace
        return Verdict(failure: world.monitor.failure, hash: trace.hash, steps: world.scheduler.steps, trace: trace.lines)
    }

    // MARK: Step by step

    private static let mostSteps = 400_000

    private func run() {
        scheduler.enter()
        Task(executorPreference: outside) {
            await self.play()
            self.state.withLock { $0.isOver = true }
        }
        while !state.withLock({ $0.isOver }), monitor.failure == nil {
            if scheduler.steps > Self.mostSteps { monitor.fail("no end within \(Self.mostSteps) steps") }
            if scheduler.isQuiet { checkQuiet() }
            if !scheduler.step() { monitor.fail("nothing is to be done any more, and it is not over") }
        }
        if scheduler.strangers > 0 { monitor.fail("\(scheduler.strangers) jobs came from another thread") }
        state.withLock { $0.life }?.kill()
        outside.die()
        scheduler.leave()
    }

    /// Nothing is under way: then nothing may be left that could be.
    private func checkQuiet() {
        let (isRunning, isAway) = state.withLock { ($0.life != nil && !$0.isChanging, $0.isAway) }
        guard isRunning, !isAway else { return }
        let now = WorldClock(executor: outside).wall.now()
        // What went wrong may have to wait for a probe of the directory and then for the next sweep, five seconds each.
        if !monitor.isDisturbed(at: scheduler.now, for: .seconds(12)) {
            // A backoff that is over is noticed in a moment.
            if let job = monitor.waiting(at: now.advanced(bySeconds: -0.05)).first {
                monitor.fail("\(job.tenantID).\(job.place) waits, and nobody works")
            }
        }
        // Two looks of its caller later.
        if !monitor.isDisturbed(at: scheduler.now, for: .seconds(4)),
            let job = monitor.unanswered(by: scheduler.now - .seconds(2))
        {
            monitor.fail("somebody waits for \(job.tenantID).\(job.place), which has ended")
        }
        // The courier looks once a minute where its signal was lost.
        if !monitor.isDisturbed(at: scheduler.now, for: .seconds(scenario.faults.signals > 0 ? 75 : 45)),
            let delivery = monitor.overdue(at: now.advanced(bySeconds: -0.1)).first
        {
            monitor.fail("\(delivery) is due, and nobody sends it")
        }
    }

    // MARK: The play

    private func play() async {
        await start()
        let last = Task(executorPreference: outside) { await self.makeTrouble() }
        await withDiscardingTaskGroup { group in
            for tenant in Set(scenario.plans.map(\.tenant)).sorted() { group.addTask { await self.submit(of: tenant) } }
        }
        await last.value
        state.withLock { $0.isRough = false }
        monitor.fault(at: scheduler.now)
        // The net under everything, the longest backoff, the last retries of webhooks.
        for _ in 0..<600 where !isSettled { await pause(.seconds(1)) }
        if !isSettled {
            let open = monitor.jobs.filter { $0.isAcknowledged && $0.ends == 0 }.map { "\($0.tenantID).\($0.place)" }
            monitor.fail("not settled after ten minutes: jobs \(open), \(monitor.openDeliveries) deliveries")
        }
        await check()
    }

    private var isSettled: Bool { monitor.jobs.allSatisfy { !$0.isAcknowledged || $0.ends > 0 } && monitor.openDeliveries == 0 }

    func pause(_ duration: Duration) async {
        try? await scheduler.sleep(for: duration, outside, isWork: false)
    }

    // MARK: The process

    private func start() async {
        let executor = SeededExecutor(scheduler)
        let weather = Weather(
            scenario: scenario, scheduler: scheduler, executor: executor, monitor: monitor,
            isRough: { self.state.withLock { $0.isRough } })
        let clock = WorldClock(executor: executor).wall
        let directory = RoughDirectory(
            self.directory, weather: weather, clock: clock, isAway: { self.state.withLock { $0.isAway } })
        let life = await Task(executorPreference: executor) { [store, receiver, monitor] () -> Life? in
            do {
                let queue = try await store.open(clock: clock, executor: executor)
                // Before anything moves: what the process before committed and told nobody.
                monitor.processesEnded()
                for known in monitor.jobs {
                    if let job = try await queue.job(known.id) { monitor.learn(job, at: weather.scheduler.now) }
                    for delivery in try await queue.deliveries(of: known.id) {
                        monitor.delivery(delivery.what.id, dueAt: delivery.nextAttemptAt)
                    }
                }
                return Life(queue, weather: weather, directory: directory, receiver: receiver)
            } catch {
                monitor.fail("the queue does not open: \(error)")
                return nil
            }
        }.value
        scheduler.note("start")
        let waiting = state.withLock { state in
            state.life = life
            state.isChanging = false
            defer { state.starts = [] }
            return state.starts
        }
        for one in waiting { one.resume() }
    }

    /// The process that runs now, or the next one.
    func process() async -> Life? {
        await withCheckedContinuation { (started: CheckedContinuation<Void, Never>) in
            let isThere = state.withLock { state in
                if state.life == nil { state.starts.append(started) }
                return state.life != nil
            }
            if isThere { started.resume() }
        }
        return state.withLock { $0.life }
    }

    /// Whether it is the process that runs now, and neither starts nor stops.
    func isRunning(_ life: Life) -> Bool { state.withLock { $0.life === life && !$0.isChanging } }

    private func leave() -> Life? {
        state.withLock { state in
            defer { state.life = nil }
            state.isChanging = true
            return state.life
        }
    }

    private func makeTrouble() async {
        for event in scenario.events {
            await pause(.milliseconds(event.at) - scheduler.now)
            switch event.what {
            case .kill:
                guard let life = leave() else { continue }
                scheduler.note("kill")
                monitor.fault(at: scheduler.now)
                await store.copyForKill()
                life.kill()
                state.withLock { $0.dead.append(life) }
                await start()
            case .stop:
                guard let life = leave() else { continue }
                scheduler.note("stop")
                monitor.fault(at: scheduler.now)
                await life.stop()
                await Task(executorPreference: life.executor) { await life.queue.close() }.value
                life.kill()
                state.withLock { $0.dead.append(life) }
                await start()
            case .outage(let length):
                scheduler.note("directory away")
                state.withLock { $0.isAway = true }
                await pause(.milliseconds(length))
                state.withLock { $0.isAway = false }
                monitor.fault(at: scheduler.now)
                scheduler.note("directory back")
            case .cancel(let job):
                guard let known = monitor.jobs.first(where: { $0.id == scenario.id(of: job) }), let life = await process() else {
                    continue
                }
                scheduler.note("ask to cancel \(known.tenantID).\(known.place)")
                _ = try? await life.ask { _, engine in try await engine.cancel(known.id) }
            case .retryFailed(let job):
                guard let life = await process() else { continue }
                _ = try? await life.ask { [scenario] _, engine in
                    try await engine.retryFailed(of: scenario.id(of: job), requestID: "again")
                }
            }
        }
    }
}
