package import Logging
package import ServiceSupport
package import SyncModel
package import UserDirectory

/// Whether the directory is usable. Tripped by whatever meets an outage.
///
/// While it is tripped nothing is leased, so an outage uses up no attempts. After a probe that succeeds the work is tried, one
/// commit group at a time; the outage is over when that works which had failed, or when there is none of it left.
package actor CircuitBreaker {
    enum Stage: Sendable {
        case closed
        /// Nothing may be done until a probe succeeds.
        case open
        /// A probe has succeeded, and the work is tried.
        case trial
    }

    private let directory: any UserDirectory
    private let clock: WallClock
    private let machine: Machine
    private let logger: Logger
    private var current: DirectoryHealth
    private(set) var stage = Stage.closed
    private var doubts = DoubtfulWork()
    /// Seconds until the next probe.
    private var delay: Double
    /// When the trial began.
    private var triedSince: ContinuousClock.Instant?
    /// Some work has succeeded in this trial.
    private var hasWorked = false
    /// When it was closed though no work had shown that the outage was over.
    private var believedSince: ContinuousClock.Instant?
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var onUsable: (@Sendable () async -> Void)?
    /// Seconds between probes: the first delay, and the longest.
    private let probeDelays: ClosedRange<Double>
    /// So long a trial lasts at most in which nothing fails, in seconds: what had failed may be gone, or another process's by now.
    private static let longestTrial = 30.0

    package init(
        directory: any UserDirectory, clock: WallClock, machine: Machine = .real, logger: Logger,
        probeDelays: ClosedRange<Double> = 0.1...5
    ) {
        self.directory = directory
        self.clock = clock
        self.machine = machine
        self.logger = logger
        self.probeDelays = probeDelays
        delay = probeDelays.lowerBound
        current = DirectoryHealth(state: .ok, since: clock.now(), error: nil)
    }

    /// Also in a trial it is unavailable, since when it was tripped.
    package var health: DirectoryHealth { current }
    /// Whether nothing may be done.
    package var isTripped: Bool { stage == .open }

    /// Called each time work may be done again, in a trial first, then without limits.
    func whenUsable(_ action: @escaping @Sendable () async -> Void) { onUsable = action }

    // MARK: What the work met

    /// Reports an outage.
    func trip(_ error: String, in work: DirectoryWork) {
        switch stage {
        case .closed:
            logger.error("directory unavailable, batches wait", metadata: ["error": .string(error)])
            current = DirectoryHealth(state: .unavailable, since: clock.now(), error: error)
            doubts.failed(work)
            // It may have been the same outage all the time.
            let isNew = believedSince.map { $0.duration(to: machine.now) > .seconds(2 * probeDelays.upperBound) } ?? true
            if isNew { delay = probeDelays.lowerBound } else { prolong() }
        case .open:
            current.error = error
            doubts.failed(work)
        case .trial:
            current.error = error
            doubts.failedAgain(work)
            prolong()
        }
        stage = .open
        wake()
    }

    /// Work was done, and committed.
    func worked(_ work: DirectoryWork) async {
        guard stage == .trial else { return }
        hasWorked = true
        doubts.worked(work)
        let isLong = triedSince.map { $0.duration(to: machine.now) > .seconds(Self.longestTrial) } ?? false
        if doubts.isEmpty || isLong { await close() }
    }

    /// None of this work waits.
    func isDone(_ work: DirectoryWork) async {
        guard stage == .trial else { return }
        doubts.isDone(work)
        if doubts.isEmpty { await close() }
    }

    private func close() async {
        let seconds = clock.now().seconds(since: current.since)
        logger.notice("directory available again", metadata: ["unavailableSeconds": .stringConvertible(seconds)])
        current = DirectoryHealth(state: .ok, since: clock.now(), error: nil)
        stage = .closed
        doubts = DoubtfulWork()
        believedSince = hasWorked ? nil : machine.now
        await onUsable?()
    }

    private func prolong() { delay = min(delay * 2, probeDelays.upperBound) }

    // MARK: Probing

    /// Probes whenever it is tripped, until the task is cancelled.
    func keepProbing() async {
        while !Task.isCancelled {
            if !isTripped { await untilTripped() }
            while isTripped, !Task.isCancelled {
                try? await machine.sleep(for: .seconds(delay))
                await probe()
            }
        }
    }

    private func probe() async {
        do throws(DirectoryError) {
            try await directory.prepare()
            try await directory.probe()
        } catch {
            current.error = error.description
            return prolong()
        }
        stage = .trial
        triedSince = machine.now
        hasWorked = false
        await onUsable?()
    }

    /// Returns once it is tripped or the task is cancelled.
    private func untilTripped() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled || isTripped { continuation.resume() } else { waiters.append(continuation) }
            }
        } onCancel: {
            // A cancellation handler is synchronous, so the actor wakes its waiters itself.
            self.machine.detach { await self.wake() }
        }
    }

    private func wake() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
