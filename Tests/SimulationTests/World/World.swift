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

/// A simulated world: callers, processes that share a queue, each in one life after another, the directory, a receiver of webhooks;
/// run step by step until every job that was acknowledged has ended and everything was checked, or a promise was broken.
final class World: Sendable {
    let scenario: Scenario
    let scheduler: Scheduler
    let monitor: Monitor
    let directory: MemoryDirectory
    let receiver: Receiver
    let store: any SimulatedStore
    /// Of those who are no part of the process: callers, and whoever makes things go wrong.
    let outside: SeededExecutor
    let state: Mutex<State>

    struct State {
        /// Of each process the life that runs now; `nil` while it starts or stops.
        var lives: [Life?]
        var lastLife = 0
        var dead: [Life] = []
        var isAway = false
        /// Only a probe is answered while it is away.
        var letsProbes = false
        var isRough = true
        var isOver = false
        var starts: [CheckedContinuation<Void, Never>] = []
    }

    private init(_ scenario: Scenario, keepsLines: Bool) throws {
        self.scenario = scenario
        monitor = Monitor(groups: scenario.groups, forgotten: scenario.forgottenNames)
        state = Mutex(State(lives: Array(repeating: nil, count: scenario.processes)))
        scheduler = Scheduler(seed: scenario.seed, keepsLines: keepsLines)
        outside = SeededExecutor(scheduler)
        receiver = Receiver(spells: scenario.spells)
        directory = MemoryDirectory(
            monitor: monitor, tenants: Set(scenario.plans.map { Scenario.tenant($0.tenant) }), known: scenario.knownUsers)
        store = try scenario.makeStore(clock: WorldClock(executor: outside).wall)
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
        for life in world.state.withLock({ state in state.dead + state.lives.compactMap { $0 } }) { await life.bury() }
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
        for life in state.withLock({ $0.lives }) { life?.kill() }
        outside.die()
        scheduler.leave()
    }

    /// Nothing is under way: then nothing may be left that could be.
    private func checkQuiet() {
        let (isRunning, isAway) = state.withLock { state in (state.lives.allSatisfy { $0 != nil }, state.isAway) }
        guard isRunning, !isAway else { return }
        let now = WorldClock(executor: outside).wall.now()
        // What went wrong may have to wait for the leases of the dead, a probe of the directory and the next sweep.
        let leases: Duration = scenario.driver == .memory ? .seconds(scenario.leaseSeconds) : .zero
        if !monitor.isDisturbed(at: scheduler.now, for: .seconds(7 + scenario.sweepSeconds) + leases) {
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
            !monitor.mayBeDown(at: scheduler.now),
            // Where one asked to wait, deliveries are sent at its pace, one in five seconds at least.
            let delivery = monitor.overdue(at: now.advanced(bySeconds: monitor.someoneAskedToWait ? -90 : -0.1)).first
        {
            monitor.fail("\(delivery) is due, and nobody sends it")
        }
    }

    // MARK: The play

    private func play() async {
        for process in 0..<scenario.processes { await start(process) }
        let last = Task(executorPreference: outside) { await self.makeTrouble() }
        await withDiscardingTaskGroup { group in
            for tenant in Set(scenario.plans.map(\.tenant)).sorted() { group.addTask { await self.submit(of: tenant) } }
        }
        await last.value
        state.withLock { $0.isRough = false }
        monitor.fault(at: scheduler.now)
        // The net under everything, the longest backoff, the last retries of webhooks.
        let start = scheduler.now
        while !isSettled, scheduler.now - start < .seconds(scenario.patience) {
            await pause(.seconds(scheduler.now - start < .seconds(600) ? 1 : 30))
        }
        if !isSettled {
            let open = monitor.jobs.filter { $0.isAcknowledged && $0.ends == 0 }.map { "\($0.tenantID).\($0.place)" }
            monitor.fail(
                "not settled after \(scenario.patience) s: jobs \(open), \(monitor.openDeliveries) deliveries, merges \(monitor.openMerges)"
            )
        }
        // Whoever comes late now comes after the ledger forgot.
        if scenario.isLong { await pause(.seconds(scenario.ledgerMargin + 2 * scenario.sweepSeconds)) }
        // And what was not uploaded to the end is swept.
        if scenario.hasRequests { await pause(.seconds(scenario.uploadPause + 4 * scenario.sweepSeconds)) }
        await check()
    }

    private var isSettled: Bool {
        monitor.jobs.allSatisfy { !$0.isAcknowledged || $0.ends > 0 } && monitor.openDeliveries == 0 && monitor.openMerges.isEmpty
    }

    func pause(_ duration: Duration) async {
        try? await scheduler.sleep(for: duration, outside, isWork: false)
    }

    // MARK: Trouble

    private func makeTrouble() async {
        for event in scenario.events {
            await pause(.milliseconds(event.at) - scheduler.now)
            switch event.what {
            case .kill(let process): await kill(process % scenario.processes)
            case .stop(let process): await stop(process % scenario.processes)
            case .outage(let length):
                scheduler.note("directory away")
                state.withLock { state in
                    state.isAway = true
                    state.letsProbes = length % 2 == 1
                }
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
            case .merge(let alias, let target):
                guard let life = await process() else { continue }
                let (alias, target) = (Scenario.tenant(alias), Scenario.tenant(target))
                _ = try? await life.ask { _, engine in try await engine.beginMerge(of: alias, into: target) }
            case .cancelMerges:
                guard let life = await process() else { continue }
                _ = try? await life.ask { queue, _ in
                    for merge in try await queue.openMerges() {
                        _ = try await queue.cancelMerge(merge.id, now: queue.clock.now())
                    }
                }
            case .forgetName(let tenant):
                guard let life = await process() else { continue }
                scheduler.note("forget \(Scenario.tenant(tenant))")
                _ = try? await life.ask { queue, _ in try await queue.forgetAlias(Scenario.tenant(tenant)) }
            }
        }
    }
}
