package import JobQueue
package import Logging
import ServiceLifecycle
package import ServiceSupport
import SyncAPI
package import SyncModel
import Telemetry
package import UserDirectory

/// Everything that runs by itself between the queue and the directory: dispatcher, workers, and the ending of jobs.
package final class Engine: Service, EngineControl {
    private let queue: any JobLeasing & JobControl & JobInspection & TenantMerging
    private let directory: any UserDirectory
    private let configuration: EngineConfiguration
    private let clock: WallClock
    private let machine: Machine
    private let logger: Logger
    private let breaker: CircuitBreaker
    private let dispatcher: Dispatcher
    private let keeper: LeaseKeeper
    private let closer: JobCloser
    private let merger: TenantMerger
    let completions: JobCompletions
    private let alarm: SweepAlarm
    private let metrics: EngineMetrics
    private let draining: @Sendable () -> Bool

    /// - Parameters:
    ///   - impossible: called for each transition that the states do not allow, in the queue or here; tests fail there.
    ///   - draining: whether the process is stopping; shown in the status.
    package init(
        queue: any JobLeasing & JobControl & JobInspection & TenantMerging, directory: any UserDirectory,
        configuration: EngineConfiguration, machine: Machine = .real, logger: Logger,
        impossible: @escaping @Sendable (ImpossibleTransition) -> Void = { _ in },
        draining: @escaping @Sendable () -> Bool
    ) {
        let clock = queue.clock
        let transitions = TransitionAlarm(logger: logger, stop: impossible)
        let metrics = EngineMetrics()
        let breaker = CircuitBreaker(directory: directory, clock: clock, machine: machine, logger: logger)
        let completions = JobCompletions(pause: queue.lookInterval, machine: machine)
        let closer = JobCloser(
            queue: queue, directory: directory, breaker: breaker, configuration: configuration, clock: clock,
            metrics: metrics, logger: logger)
        let alarm = SweepAlarm(machine: machine)
        let keeper = LeaseKeeper(queue: queue, seconds: configuration.leaseSeconds, machine: machine, logger: logger)
        let workers = (0..<max(1, configuration.workers)).map { _ in
            SyncWorker(
                queue: queue, directory: directory, breaker: breaker, closer: closer, retry: configuration.retry, clock: clock,
                machine: machine, metrics: metrics, logger: logger, alarm: transitions, onPutOff: { alarm.plan() })
        }
        self.queue = queue
        self.directory = directory
        self.configuration = configuration
        self.clock = clock
        self.machine = machine
        self.logger = logger
        self.breaker = breaker
        self.closer = closer
        merger = TenantMerger(
            queue: queue, directory: directory, breaker: breaker, interval: configuration.sweepInterval,
            longestFailure: configuration.longestMergeFailure, machine: machine, logger: logger)
        self.completions = completions
        self.alarm = alarm
        self.keeper = keeper
        self.metrics = metrics
        self.draining = draining
        dispatcher = Dispatcher(
            queue: queue, keeper: keeper, breaker: breaker, workers: workers, configuration: configuration,
            mostBatches: { configuration.batchesPerCommit ?? directory.batchesPerCommit }, clock: clock, machine: machine,
            logger: logger, alarm: transitions)
        var observer = QueueObserver()
        observer.batchReady = { [wake = dispatcher.wake] _ in wake.yield() }
        observer.jobWaiting = { alarm.call() }
        observer.jobEnded = { completions.ended($0) }
        observer.namesDecided = { metrics.decided($0) }
        observer.impossible = { transitions.report($0) }
        queue.observe(observer)
    }

    /// Whether nothing is being worked on: a good moment for a checkpoint.
    package var isIdle: Bool { dispatcher.isIdle }

    /// Reports an outage met at start, before the engine ran.
    package func directoryUnavailable(_ error: String) async { await breaker.trip(error, in: .batches(of: [])) }

    /// Runs until the graceful shutdown; then running batches finish, and leases are given back.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                await breaker.whenUsable { [wake = dispatcher.wake, alarm] in
                    wake.yield()
                    alarm.call()
                }
                group.addTask { await self.breaker.keepProbing() }
                group.addTask { await self.keepSweeping() }
                group.addTask { await self.keeper.run() }
                group.addTask { await self.merger.run() }
                await dispatcher.run()
                group.cancelAll()
            }
            completions.close()
        } onGracefulShutdown: {
            self.dispatcher.stop()
            self.completions.close()
        }
    }

    /// Finds what a crash or an outage left behind: jobs to end, cancels to carry out, tenants whose signal was lost, batches
    /// whose backoff is over.
    private func keepSweeping() async {
        let interval = Duration.seconds(configuration.sweepInterval)
        var looked: ContinuousClock.Instant?
        while !Task.isCancelled {
            // A difference found by two checks in a row is an error, so they are never closer together than this.
            if looked.map({ $0.duration(to: machine.now) >= interval }) ?? true {
                looked = machine.now
                await reconcile()
            }
            await sweep()
            var reason = SweepAlarm.Reason.plan
            while reason == .plan, !Task.isCancelled {
                var pause = configuration.sweepInterval
                if let next = try? await queue.nextRetry() { pause = min(pause, max(0.01, next.seconds(since: clock.now()))) }
                reason = await alarm.wait(atMost: .seconds(pause))
            }
        }
    }

    /// A step that fails does not keep the others from running.
    private func sweep() async {
        // Tenants whose backoff is over become ready here.
        await step {
            if try await !queue.readyTenants(now: clock.now(), limit: 1).isEmpty { dispatcher.wake.yield() }
        }
        guard await !breaker.isTripped else { return }
        await step {
            var (found, done) = (0, 0)
            for id in try await queue.cancelling(limit: Self.cancels) where await !breaker.isTripped {
                found += 1
                await step { if try await carryOutCancel(id) { done += 1 } }
            }
            if found == done { await breaker.isDone(.cancels) }
        }
        guard await !breaker.isTripped else { return }
        await step {
            let jobs = try await queue.endable(limit: Self.portion)
            guard !jobs.isEmpty else { return await breaker.isDone(.endings) }
            await closer.close(jobs)
            // There are more after these. If none of them could be ended, they wait for the next sweep.
            if jobs.count == Self.portion, try await queue.endable(limit: 1).first?.id != jobs[0].id { alarm.call() }
        }
    }

    /// The most jobs that one sweep ends.
    private static let portion = 1000
    /// Cancels carried out in one sweep.
    private static let cancels = 100

    private func step(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            // A process that ends: what is interrupted is done at the next start.
            if Task.isCancelled || error is CancellationError { return }
            logger.error("sweep failed", metadata: ["error": .string("\(error)")])
        }
    }

    /// Compares the queue's state in memory with its tables. Nothing should ever be found.
    private func reconcile() async {
        await step {
            for repair in try await queue.reconcile(limit: 1000) {
                metrics.repaired(repair.kind)
                var metadata: Logger.Metadata = [
                    "what": .string(repair.kind.rawValue), "tenant": .string(repair.tenantID?.text ?? ""),
                ]
                if let destination = repair.destination { metadata["destination"] = .string(destination) }
                logger.error("queue repaired", metadata: metadata)
            }
        }
    }

    // MARK: EngineControl

    package func status() async -> EngineStatus {
        EngineStatus(
            workersActive: await dispatcher.workersActive, workersIdle: await dispatcher.workersIdle,
            usersPerSecond1m: await dispatcher.rate(over: 60), usersPerSecond5m: await dispatcher.rate(over: 299),
            directory: await breaker.health, draining: draining())
    }

    package func cancel(_ id: JobID) async throws -> CancelAnswer {
        let request = try await queue.requestCancel(id, now: clock.now())
        switch request {
        case .unknown: return .unknown
        case .ended(let job): return .ended(job)
        case .requested(let job, _), .requestedInLastPass(let job, _):
            _ = try await carryOut(request, of: id)
            return .requested(try await queue.job(id) ?? job)
        }
    }

    private func carryOutCancel(_ id: JobID) async throws -> Bool {
        try await carryOut(try await queue.requestCancel(id, now: clock.now()), of: id)
    }

    /// - Returns: false while the directory is away: the tombstones wait; the request is kept, and the sweep carries it out.
    private func carryOut(_ request: CancelRequest, of id: JobID) async throws -> Bool {
        do {
            switch request {
            case .unknown, .ended: break
            case .requested(_, let unstarted): try await drop(unstarted, of: id, isLastPass: false)
            case .requestedInLastPass(_, let unstarted): try await drop(unstarted, of: id, isLastPass: true)
            }
            return true
        } catch let error as DirectoryError {
            if case .transient(let text) = error {
                // Not the directory, this job: the next sweep tries again.
                logger.error("cancel failed", metadata: ["job": .string(id.text), "error": .string(text)])
            } else {
                await breaker.trip(error.description, in: .cancels)
            }
            return false
        }
    }

    private func drop(_ unstarted: [Int], of id: JobID, isLastPass: Bool) async throws {
        let standing = unstarted.isEmpty ? [:] : try await directory.tombstone(id, batches: unstarted)
        // After the tombstones: none of their users can be settled any more.
        let ahead = isLastPass ? try await directory.settledAhead(of: id) : nil
        if let job = try await queue.drop(
            id, batches: unstarted, applied: standing.mapValues(\.users), settledAhead: ahead, now: clock.now())
        {
            await closer.close([job])
        }
    }

    package func retryFailed(of id: JobID, requestID: String) async throws -> RetryRequest {
        let now = clock.now()
        return try await queue.retryFailed(of: id, as: JobID(now: now), requestID: requestID, now: now)
    }

    package func redeliver(_ id: String) async throws -> Bool { try await queue.redeliver(id, now: clock.now()) }

    package func redeliverDead(ofJob job: JobID?, ofTenant tenant: TenantID?) async throws -> Redelivered {
        var all = Redelivered(count: 0, nextCursor: nil)
        repeat {
            // Each commit is short: other writes wait for it.
            let step = try await queue.redeliverDead(
                ofJob: job, ofTenant: tenant, limit: 256, cursor: all.nextCursor, now: clock.now())
            all.count += step.count
            all.waiting += step.waiting
            all.behind += step.behind
            all.waitsUntil = [all.waitsUntil, step.waitsUntil].compactMap(\.self).max()
            all.nextCursor = step.nextCursor
        } while all.nextCursor != nil
        return all
    }

    package func sendTestEvent(requestID: String) async throws -> Delivery? {
        guard let url = configuration.webhookURL else { return nil }
        let now = clock.now()
        let id = "msg_" + JobID(now: now).text.filter { $0 != "-" }
        try await queue.add(
            NewDelivery(
                id: id, jobID: nil, type: WebhookDocument.testType, url: url, isConfiguredURL: true,
                body: WebhookDocument(testAt: now).json, tenantID: nil, source: nil, traceparent: nil), now: now)
        return try await queue.delivery(id)
    }

    package func previewMerge(of alias: TenantID, into tenant: TenantID) async -> UserMerge? {
        do throws(DirectoryError) {
            return try await directory.previewMerge(of: alias, into: tenant)
        } catch {
            logger.warning("preview of a merge failed", metadata: ["error": .string(error.description)])
            return nil
        }
    }

    package func beginMerge(of alias: TenantID, into tenant: TenantID) async throws -> MergeStart {
        defer { merger.wake() }
        return try await queue.beginMerge(of: alias, into: tenant, now: clock.now())
    }

    package func ended(_ id: JobID, within seconds: Double) async -> Job? {
        let queue = self.queue
        return await completions.wait(for: id, seconds: seconds) {
            guard let job = try? await queue.job(id), job.state.isEnd else { return nil }
            return job
        }
    }
}
