import DequeModule
import JobQueue
import Logging
import ServiceSupport
import SyncModel
import Synchronization
import Telemetry

/// Leases batches for free workers and hands them over, as commit groups.
///
/// Woken by the queue, it never polls for work. The queue knows whose turn it is, `CommitPacing` how much one commit takes.
actor Dispatcher {
    private let queue: any JobLeasing
    private let keeper: LeaseKeeper
    /// The most batches in one commit.
    private let mostBatches: @Sendable () -> Int
    private let breaker: CircuitBreaker
    private let configuration: EngineConfiguration
    private let clock: WallClock
    private let machine: Machine
    private let alarm: TransitionAlarm
    private var idle: [SyncWorker]
    /// Leased and waiting for a worker.
    private var groups: Deque<CommitGroup> = []
    private var throughput = Throughput()
    private var trouble: Outage
    /// Consecutive failed attempts to lease.
    private var failures = 0
    private nonisolated let pacing: Mutex<CommitPacing>
    private nonisolated let wakes: AsyncStream<Void>
    /// Makes it look for work; a wake that arrives meanwhile is kept.
    nonisolated let wake: AsyncStream<Void>.Continuation

    init(
        queue: any JobLeasing, keeper: LeaseKeeper, breaker: CircuitBreaker, workers: [SyncWorker],
        configuration: EngineConfiguration,
        mostBatches: @escaping @Sendable () -> Int, clock: WallClock, machine: Machine, logger: Logger,
        alarm: TransitionAlarm
    ) {
        self.queue = queue
        self.keeper = keeper
        self.mostBatches = mostBatches
        self.breaker = breaker
        self.configuration = configuration
        self.clock = clock
        self.machine = machine
        self.alarm = alarm
        idle = workers
        trouble = Outage("Leasing from the queue", logger)
        pacing = Mutex(CommitPacing(most: mostBatches()))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var workersActive: Int { pacing.withLock { $0.running } }
    var workersIdle: Int { idle.count }
    func rate(over seconds: Int) -> Double { throughput.rate(over: seconds, at: clock.now()) }

    /// Whether nothing is being worked on and nothing waits.
    nonisolated var isIdle: Bool { pacing.withLock { $0.isIdle } && queue.readyCount == 0 }

    /// Leases nothing more; running commits close at their next batch boundary.
    nonisolated func stop() {
        pacing.withLock { $0.stop() }
        wake.yield()
    }

    private nonisolated var isStopped: Bool { Task.isCancelled || pacing.withLock { $0.isStopped } }

    /// Returns once stopped or cancelled, with all commit groups finished and all leases given back.
    func run() async {
        await withDiscardingTaskGroup { tasks in
            wake.yield()
            for await _ in wakes {
                while let (group, worker) = await next() {
                    let number = begin(group)
                    tasks.addTask { await self.carryOut(group, number, on: worker) }
                }
                if isStopped { break }
            }
        }
        await giveBack()
    }

    /// A commit group and a free worker for it; leased now, unless leased ones wait. `nil` if there is none, or if none may be
    /// begun now: while the directory is tried, one at a time is.
    private func next() async -> (CommitGroup, SyncWorker)? {
        while !isStopped, !idle.isEmpty {
            let stage = await breaker.stage
            if stage == .open {
                await giveBack()
                return nil
            }
            if stage == .trial, pacing.withLock({ $0.isApplying }) { return nil }
            if !groups.isEmpty, let worker = idle.popLast() { return (groups.removeFirst(), worker) }
            guard queue.readyCount > 0 else {
                if stage == .trial { await breaker.isDone(.batches(of: [])) }
                return nil
            }
            await leaseGroups(inTrial: stage == .trial)
        }
        return nil
    }

    /// Gives back what is leased and waits for a worker.
    private func giveBack() async {
        let waiting = groups
        groups = []
        pacing.withLock { $0.waiting = 0 }
        for group in waiting {
            await queue.release(group.batches.map(\.lease))
            keeper.letGo(group.leases)
        }
    }

    /// - Parameter inTrial: each tenant is tried by itself then: one with whom the directory fails must not fail the others.
    private func leaseGroups(inTrial: Bool) async {
        let most = mostBatches()
        var request = LeaseRequest(
            tenants: inTrial ? 1 : configuration.tenantsPerCommit, batches: pacing.withLock { $0.batches(most: most) },
            smallJobs: configuration.smallJobsPerCommit)
        request.seconds = configuration.leaseSeconds
        do {
            let leased = try await queue.lease(request, now: clock.now())
            trouble.worked()
            failures = 0
            for var group in CommitGroup.divide(leased) {
                group.leases = keeper.keep(group.batches)
                groups.append(group)
            }
            let (count, areOthersAbout, now) = (groups.count, groups.contains { !$0.isBulk }, machine.now)
            pacing.withLock { pacing in
                pacing.waiting = count
                if areOthersAbout { pacing.othersAreAbout(at: now) }
            }
        } catch {
            trouble.failed(error)
            failures = min(failures + 1, 5)
            // The tenants are still ready: without a pause the next attempt would follow at once.
            try? await machine.sleep(for: .milliseconds(20 << failures))
        }
    }

    private func begin(_ group: CommitGroup) -> Int {
        let (count, now) = (groups.count, machine.now)
        return pacing.withLock { pacing in
            pacing.waiting = count
            return pacing.begin(isBulk: group.isBulk, at: now)
        }
    }

    private func carryOut(_ group: CommitGroup, _ number: Int, on worker: SyncWorker) async {
        await worker.work(group) {
            self.closesEarly(number)
        } applied: { done in
            await self.applied(group, number, batches: done, at: self.machine.now)
        }
        keeper.letGo(group.leases)
        tell { pacing throws(ImpossibleTransition) in try pacing.end(number) }
        idle.append(worker)
        wake.yield()
    }

    private func tell(_ event: (inout CommitPacing) throws(ImpossibleTransition) -> Void) {
        do throws(ImpossibleTransition) {
            try pacing.withLock { pacing throws(ImpossibleTransition) in try event(&pacing) }
        } catch {
            alarm.report(error)
        }
    }

    /// Called by the directory, on its own thread.
    private nonisolated func closesEarly(_ number: Int) -> Bool {
        let (isAnyReady, now) = (queue.readyCount > 0, machine.now)
        return pacing.withLock { $0.closesEarly(number, isAnyReady: isAnyReady, at: now) }
    }

    private func applied(_ group: CommitGroup, _ number: Int, batches done: Int, at now: ContinuousClock.Instant) {
        tell { pacing throws(ImpossibleTransition) in try pacing.applied(number, batches: done, at: now) }
        if done > 0 {
            throughput.add(group.batches.prefix(done).reduce(0) { $0 + $1.payload.count }, at: clock.now())
        }
        wake.yield()
    }
}
