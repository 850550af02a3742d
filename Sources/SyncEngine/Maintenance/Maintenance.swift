package import JobQueue
package import Logging
import ServiceLifecycle
import ServiceSupport
import SyncModel
package import UserDirectory

/// Maintenance: deletes expired data, clears the directory's ledger of ended jobs, and checkpoints both databases at quiet
/// moments. What fails is repeated in the next round.
package struct Maintenance: Service {
    private let queue: any QueueMaintenance
    private let directory: any UserDirectory
    private let settings: MaintenanceSettings
    private let clock: any Clock<Duration>
    private let isQuiet: @Sendable () -> Bool
    private let logger: Logger

    /// - Parameters:
    ///   - clock: measures the interval.
    ///   - isQuiet: whether the dispatcher has nothing to do; asked in each round.
    package init(
        queue: any QueueMaintenance, directory: any UserDirectory, settings: MaintenanceSettings = MaintenanceSettings(),
        clock: any Clock<Duration> = ContinuousClock(), isQuiet: @escaping @Sendable () -> Bool, logger: Logger
    ) {
        self.queue = queue
        self.directory = directory
        self.settings = settings
        self.clock = clock
        self.isQuiet = isQuiet
        self.logger = logger
    }

    /// Runs until graceful shutdown.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepHouse() }
            group.addTask { await untilStopped() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Runs until cancelled.
    private func keepHouse() async {
        var pruning = Outage("Pruning the queue", logger)
        var ledger = Outage("Clearing the ledger", logger)
        for round in 0... {
            if await queue.makeRoom() { await directory.checkpoint() }
            await attempt(&ledger, clearLedger)
            if round % settings.roundsPerPruning == 0 { await attempt(&pruning, prune) }
            if isQuiet() {
                await queue.checkpoint()
                await directory.checkpoint()
            }
            guard (try? await clock.sleep(for: settings.interval)) != nil else { return }
        }
    }

    private func attempt(_ outage: inout Outage, _ work: () async throws -> Void) async {
        do {
            try await work()
            outage.worked()
        } catch {
            outage.failed(error)
        }
    }

    private func prune() async throws {
        let now = queue.clock.now()
        let jobsBefore = now.advanced(bySeconds: -settings.retentionDays * 86_400)
        let keysBefore = now.advanced(bySeconds: -settings.keyHours * 3_600)
        let abandoned = try await queue.discardAbandonedUploads(before: now.advanced(bySeconds: -settings.uploadPause))
        if abandoned > 0 {
            logger.notice("abandoned uploads discarded", metadata: ["uploads": .stringConvertible(abandoned)])
        }
        // In portions, so that other writes can run in between.
        while try await queue.prune(jobsBefore: jobsBefore, keysBefore: keysBefore, limit: settings.portion) == settings.portion {
            try Task.checkCancellation()
        }
    }

    /// Deletes the ledger rows before the queue forgets about them: after a crash in between they are only deleted twice.
    private func clearLedger() async throws {
        while true {
            let jobs = try await queue.endedWithLedger(
                endedBefore: queue.clock.now().advanced(bySeconds: -settings.ledgerMargin), limit: settings.portion)
            guard !jobs.isEmpty else { return }
            try await directory.forget(jobs)
            try await queue.ledgerForgotten(jobs)
            guard jobs.count == settings.portion else { return }
            try Task.checkCancellation()
        }
    }
}
