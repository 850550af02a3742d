package import Logging
package import ServiceSupport
package import SyncModel
package import UserDirectory

/// Whether the directory is usable. Tripped by whatever meets an outage, reset by a probe that succeeds.
///
/// While it is tripped nothing is leased, so an outage uses up no attempts.
package actor CircuitBreaker {
    private let directory: any UserDirectory
    private let clock: WallClock
    private let machine: Machine
    private let logger: Logger
    private var current: DirectoryHealth
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var onReset: (@Sendable () async -> Void)?
    /// Seconds between probes: the first delay, and the longest.
    private let probeDelays: ClosedRange<Double>

    package init(
        directory: any UserDirectory, clock: WallClock, machine: Machine = .real, logger: Logger,
        probeDelays: ClosedRange<Double> = 0.1...5
    ) {
        self.directory = directory
        self.clock = clock
        self.machine = machine
        self.logger = logger
        self.probeDelays = probeDelays
        current = DirectoryHealth(state: .ok, since: clock.now(), error: nil)
    }

    package var health: DirectoryHealth { current }
    package var isTripped: Bool { current.state != .ok }

    /// Called each time it is reset.
    func whenReset(_ action: @escaping @Sendable () async -> Void) { onReset = action }

    /// Reports an outage.
    package func trip(_ error: String) {
        if current.state == .ok {
            logger.error("directory unavailable, batches wait", metadata: ["error": .string(error)])
            current = DirectoryHealth(state: .unavailable, since: clock.now(), error: error)
        } else {
            current.error = error
        }
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    /// Probes whenever it is tripped, until the task is cancelled.
    func keepProbing() async {
        while !Task.isCancelled {
            if !isTripped { await untilTripped() }
            var delay = probeDelays.lowerBound
            while isTripped, !Task.isCancelled {
                try? await machine.sleep(for: .seconds(delay))
                delay = min(delay * 2, probeDelays.upperBound)
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
            return
        }
        let seconds = clock.now().seconds(since: current.since)
        logger.notice("directory available again", metadata: ["unavailableSeconds": .stringConvertible(seconds)])
        current = DirectoryHealth(state: .ok, since: clock.now(), error: nil)
        await onReset?()
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
