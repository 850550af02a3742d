import JobQueue
import Logging
import ServiceSupport
import SyncModel

/// Goes round the tenants that have work and hands their batches to workers.
///
/// Woken by the queue, never polling for work: `ask` for a tenant, `wake` for anything else.
actor Dispatcher {
    private let queue: any JobQueue
    /// Batches in one commit at most.
    private let mostBatches: @Sendable () -> Int
    private let gate: DirectoryGate
    private let configuration: EngineConfiguration
    private let clock: WallClock
    private let machine: Machine
    private let logger: Logger
    private var ring = TenantRing()
    private var idle: [SyncWorker]
    /// Leased and waiting for a worker.
    private var turns: [Turn] = []
    private var sleeper: CheckedContinuation<Void, Never>?
    /// Something changed since the loop last looked; keeps a wake that comes while the loop is busy.
    private var isWoken = false
    private var isStopping = false
    private var running = 0
    /// Turns with a worker whose commit does not stand yet.
    private var applying = 0
    private var allowance: CommitAllowance
    private var throughput = Throughput()
    private var trouble: Outage
    /// Tries to lease that failed in a row.
    private var failures = 0
    private nonisolated let gauge = DispatchGauge()

    init(
        queue: any JobQueue, gate: DirectoryGate, workers: [SyncWorker], configuration: EngineConfiguration,
        mostBatches: @escaping @Sendable () -> Int, clock: WallClock, machine: Machine, logger: Logger
    ) {
        self.queue = queue
        self.mostBatches = mostBatches
        self.gate = gate
        self.configuration = configuration
        self.clock = clock
        self.machine = machine
        self.logger = logger
        idle = workers
        trouble = Outage("Leasing from the queue", logger)
        allowance = CommitAllowance(most: mostBatches())
    }

    var workersActive: Int { running }
    var workersIdle: Int { idle.count }
    /// Whether nothing is worked on and nobody waits.
    nonisolated var isIdle: Bool { gauge.isIdle }
    func rate(over seconds: Int) -> Double { throughput.rate(over: seconds, at: clock.now()) }

    /// A tenant has a batch that can be leased.
    func ask(_ tenant: TenantID) {
        ring.ask(tenant)
        noteWaiting()
        wake()
    }

    func ask(_ tenants: [TenantID]) {
        for tenant in tenants { ring.ask(tenant) }
        noteWaiting()
        wake()
    }

    func wake() {
        isWoken = true
        sleeper?.resume()
        sleeper = nil
    }

    /// Leases nothing more; running commits close at their next batch boundary.
    func stop() {
        isStopping = true
        gauge.stop()
        wake()
    }

    /// Returns once stopped, all turns finished and all leases given back.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !isStopping {
                while turns.isEmpty, !idle.isEmpty, ring.waiting > 0, !isStopping, await gate.isOpen { await leaseTurns() }
                while !turns.isEmpty, !isStopping, let worker = idle.popLast() {
                    let turn = turns.removeFirst()
                    running += 1
                    applying += 1
                    noteWaiting()
                    group.addTask { await self.carryOut(turn, on: worker) }
                }
                if turns.isEmpty || idle.isEmpty { await sleepUntilWoken() }
            }
        }
        for turn in turns { await queue.release(turn.batches.map(\.lease)) }
        turns = []
    }

    private func sleepUntilWoken() async {
        if !isWoken { await withCheckedContinuation { sleeper = $0 } }
        isWoken = false
    }

    private func leaseTurns() async {
        let tenants = ring.take(configuration.tenantsPerCommit)
        allowance.most = mostBatches()
        let each = max(1, allowance.batches / tenants.count)
        noteWaiting()
        do {
            let leased = try await queue.lease(
                tenants.map {
                    LeaseWish(tenantID: $0, maxBatches: each, maxSmallJobs: configuration.smallJobsPerCommit)
                }, now: clock.now())
            let served = Set(leased.map(\.tenantID))
            for tenant in tenants where !served.contains(tenant) { ring.done(tenant, mayHaveMore: false) }
            trouble.worked()
            failures = 0
            turns += Turn.divide(leased)
            if turns.contains(where: { !$0.isBulk }) { allowance.othersAreAbout(at: machine.now) }
        } catch {
            trouble.failed(error)
            failures = min(failures + 1, 5)
            // They are ready still and have been announced again: without a pause the next try would follow at once.
            try? await machine.sleep(for: .milliseconds(20 << failures))
            for tenant in tenants { ring.done(tenant, mayHaveMore: true) }
        }
        noteWaiting()
    }

    private func carryOut(_ turn: Turn, on worker: SyncWorker) async {
        let gauge = self.gauge
        let isBulk = turn.isBulk
        let boundary = BoundaryClock(machine)
        // A commit of small jobs is short, and closing it would cost the others in it their place: only a bulk's gives way.
        let closeEarly: @Sendable () -> Bool = {
            boundary.pass()
            return gauge.isStopped || isBulk && (gauge.isAnybodyWaiting || gauge.othersWaitForDirectory)
        }
        await worker.work(turn, closeEarly: closeEarly) { done in
            await self.applied(turn, batches: done, closing: boundary.elapsed)
        }
        running -= 1
        idle.append(worker)
        noteWaiting()
        wake()
    }

    private func applied(_ turn: Turn, batches done: Int, closing: Duration) {
        applying -= 1
        if done > 0 {
            throughput.add(turn.batches.prefix(done).reduce(0) { $0 + $1.payload.count }, at: clock.now())
        }
        if turn.isBulk, done > 0 { allowance.committed(done, closing: closing, at: machine.now) }
        for tenant in turn.tenants(after: done) { ring.done(tenant, mayHaveMore: true) }
        noteWaiting()
        wake()
    }

    private func noteWaiting() { gauge.set(waiting: ring.waiting + turns.count, running: running, applying: applying) }
}
