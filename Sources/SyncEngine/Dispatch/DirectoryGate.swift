package import Logging
package import ServiceSupport
package import SyncModel
package import UserDirectory

/// Whether the directory is usable. Closed by whatever meets an outage, opened again by probing.
///
/// While it is closed nothing is leased, so an outage uses up no attempts.
package actor DirectoryGate {
    private let directory: any UserDirectory
    private let clock: WallClock
    private let machine: Machine
    private let logger: Logger
    private var current: DirectoryHealth
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var onOpen: (@Sendable () async -> Void)?
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
    package var isOpen: Bool { current.state == .ok }

    /// Called each time the gate opens again.
    func whenOpened(_ action: @escaping @Sendable () async -> Void) { onOpen = action }

    /// Reports an outage.
    package func close(_ error: String) {
        if current.state == .ok {
            logger.error("directory unavailable, batches wait", metadata: ["error": .string(error)])
            current = DirectoryHealth(state: .unavailable, since: clock.now(), error: error)
        } else {
            current.error = error
        }
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    /// Probes whenever the gate is closed, until the task is cancelled.
    func keepProbing() async {
        while !Task.isCancelled {
            if isOpen { await closed() }
            var delay = probeDelays.lowerBound
            while !isOpen, !Task.isCancelled {
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
            current.error = error.text
            return
        }
        let seconds = clock.now().seconds(since: current.since)
        logger.notice("directory available again", metadata: ["unavailableSeconds": .stringConvertible(seconds)])
        current = DirectoryHealth(state: .ok, since: clock.now(), error: nil)
        await onOpen?()
    }

    /// Returns once the gate has been closed or the task is cancelled.
    private func closed() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled || !isOpen { continuation.resume() } else { waiters.append(continuation) }
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

extension DirectoryError {
    /// The message, whatever the kind.
    package var text: String {
        switch self {
        case .unavailable(let text), .transient(let text), .unusable(let text): text
        }
    }
}
