import JobQueue
import Logging
import Metrics
import ServiceLifecycle
import ServiceSupport
import SyncModel
import Synchronization
import Telemetry

/// Sends the outbox's webhooks until each was taken or is dead (Contract.md, "The completion webhook").
///
/// At least once: an attempt that is under way when the process ends, however it ends, is not recorded, and the delivery is sent
/// again with the same `webhook-id`. Several couriers may share an outbox: each delivery is leased while it waits here and is being
/// sent. Limits on concurrency and what is known of destinations are the process's own.
///
/// It never polls: it observes the outbox, and between the wakes it sleeps until the next delivery is due or the lease of another
/// process runs out (a minute at most, for clocks are set, and signals of other processes may be lost).
package actor WebhookCourier: Service {
    let outbox: any DeliveryOutbox
    /// The outbox's, by which deliveries are due.
    let wall: WallClock
    let machine: Machine
    var due: DueTime
    let limits: CourierLimits
    let sender: any DeliverySender
    let metrics = CourierMetrics()

    var limiter: DestinationLimiter
    var alarmAt: Timestamp?
    /// When the limiter is to be asked again, if an alarm is set for it.
    var turnAt: Timestamp?
    /// The time for which it was last asked what to send.
    var askedAt = Timestamp(microseconds: 0)
    /// The time for which the outbox was last queried, or the limiter told to: what was due by then is known.
    var lookedAt = Timestamp(microseconds: 0)
    /// The next due time is unknown and must be queried.
    var nextIsUnknown = true
    /// When to look for deliveries whose time is over, by `due`; never while a look is under way.
    var expiryLookAt = Timestamp(microseconds: 0)
    var expiryLook: Task<Void, any Error>?
    var expiry = ExpiryTime()
    let start: ContinuousClock.Instant
    var reading: Outage
    var expiring: Outage
    var remembering: Outage
    var memory = DestinationMemory()
    /// What is being kept of destinations, if something is.
    var memoryWrite: Task<Void, any Error>?
    /// Nothing is kept before, by `due`: the last write failed.
    var rememberAt: Timestamp?
    /// Seconds, after the next failure.
    var rememberPause = WebhookCourier.outboxPause
    var recording: Outage
    var loading: Outage
    /// Deliveries whose bodies could not be read because the outbox cannot.
    var unread: Set<String> = []
    static let mostUnread = 1024
    /// Deliveries of which an attempt could not be recorded yet.
    var unrecorded: Set<String> = []
    var log: CourierLog

    private nonisolated let signals: AsyncStream<Void>
    nonisolated let signal: AsyncStream<Void>.Continuation
    /// A wake-up has come since the outbox was last queried.
    private nonisolated let woken = Atomic<Bool>(true)
    /// Leases that ended although nothing was recorded or released, since they were last looked at.
    private nonisolated let endedLeases = Mutex<[(delivery: String, lease: DeliveryLease)]>([])
    nonisolated let wanted = Mutex(WantedDeliveries())
    /// No more attempts are started.
    nonisolated let isStopping = Atomic<Bool>(false)

    /// Seconds between two queries of the outbox if nothing wakes the courier.
    static let heartbeat: Double = 60
    /// Seconds before the outbox is queried again after a failure.
    static let outboxPause: Double = 1
    /// How long a courier that stops waits for what is not an attempt to be written.
    static let lastWrites = Duration.seconds(2)

    init(
        outbox: any DeliveryOutbox, limits: CourierLimits, clock: any Clock<Duration>,
        executor: (any TaskExecutor)? = nil, random: @escaping @Sendable () -> Double, sender: any DeliverySender,
        logger: Logger, impossible: @escaping @Sendable (ImpossibleTransition) -> Void
    ) {
        self.outbox = outbox
        let wall = outbox.clock
        self.wall = wall
        machine = Machine(clock: clock, executor: executor, random: random)
        due = DueTime(wall: wall, clock: clock)
        start = machine.now
        self.limits = limits
        reading = Outage("Reading the webhook outbox", logger)
        expiring = Outage("Ending webhooks whose time is over", logger)
        remembering = Outage("Keeping what is known of webhooks' destinations", logger)
        recording = Outage("Recording a webhook's attempt", logger)
        loading = Outage("Reading the bodies of webhooks", logger)
        log = CourierLog(logger)
        self.sender = sender
        let alarm = TransitionAlarm(logger: logger, stop: impossible)
        limiter = DestinationLimiter(limits: limits) { alarm.report($0) }
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Something is due: looks at once. Returns without waiting.
    package nonisolated func wake() {
        woken.store(true, ordering: .releasing)
        signal.yield()
    }

    /// Notes that nothing is to be sent under a lease any more. Once nothing is started, that is known without it.
    private nonisolated func noteEnded(_ id: String, _ lease: DeliveryLease) {
        endedLeases.withLock { ended in
            if !isStopping.load(ordering: .acquiring) { ended.append((id, lease)) }
        }
    }

    /// Leases that have ended and are not looked at yet.
    nonisolated var endedLeaseCount: Int { endedLeases.withLock { $0.count } }

    /// Runs until graceful shutdown; attempts under way have `limits.shutdownGrace` to end. Runs only once.
    package func run() async {
        var observer = QueueObserver()
        observer.deliveryDue = { [weak self] in self?.wake() }
        observer.deliveryLeaseEnded = { [weak self] id, lease in self?.noteEnded(id, lease) }
        observer.deliveryWanted = { [weak self] id, destination in self?.want(id, destination) }
        outbox.observe(observer)
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.work() }
                group.addTask { [machine, grace = limits.shutdownGrace] in
                    await untilStopped()
                    // Throws only if the work ended first.
                    try? await machine.sleep(for: grace)
                }
                await group.next()
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            self.isStopping.store(true, ordering: .releasing)
            self.endedLeases.withLock { $0 = [] }
            self.signal.finish()
        }
        await sender.close()
    }

    private func work() async {
        await withDiscardingTaskGroup { alarms in
            await withDiscardingTaskGroup { deliveries in
                await recall()
                signal.yield()
                for await _ in signals {
                    if woken.exchange(false, ordering: .acquiringAndReleasing) { limiter.look() }
                    repeat {
                        while let leased = startNext() {
                            deliveries.addTask { await self.deliver(leased) }
                        }
                        await release(limiter.takeUnwanted())
                        while let leased = await startWanted() {
                            deliveries.addTask { await self.deliver(leased) }
                        }
                    } while await fetch()
                    startExpiring()
                    startRemembering()
                    if let (at, sleep) = await nextAlarm() {
                        alarms.addTask { await self.ring(at: at, after: sleep) }
                    }
                    if let (at, sleep) = nextTurn() {
                        alarms.addTask { await self.takeTurn(at: at, after: sleep) }
                    }
                }
                limiter.stop(at: due.now())
                await release(limiter.takeUnwanted())
            }
            alarms.cancelAll()
        }
        await finishWriting()
    }

    /// The delivery to send now, if there is one.
    private func startNext() -> LeasedDelivery? {
        guard !isStopping.load(ordering: .acquiring) else { return nil }
        let ended = endedLeases.withLock { ended in
            defer { ended = [] }
            return ended
        }
        askedAt = due.now()
        for (id, lease) in ended { limiter.leaseEnded(id, lease, at: askedAt) }
        guard let leased = limiter.start(at: askedAt) else { return nil }
        wanted.withLock { $0.remove(leased.delivery.what.id) }
        return leased
    }

    /// Queries the outbox once if there is a reason to, at the time for which nothing more could be started: what a later time makes
    /// startable would be started by nobody. False if there was none, or the outbox failed.
    private func fetch() async -> Bool {
        guard !isStopping.load(ordering: .acquiring), let query = limiter.nextQuery(at: askedAt) else { return false }
        do {
            let now = due.now()
            // Before the answer: a retry recorded meanwhile that is due by `now` may be missing from it.
            lookedAt = now
            let found = try await outbox.leaseDeliveries(query, now: now, for: limits.lease)
            let (present, shown) = (due.now(), wall.now())
            limiter.add(found, for: query, askedAt: now, at: present) { [memory] in
                memory.recalled($0, at: shown, due: present)
            }
            reading.worked()
            return true
        } catch {
            limiter.look()
            nextIsUnknown = true
            reading.failed(error)
            return false
        }
    }

    func release(_ deliveries: [LeasedDelivery]) async {
        guard !deliveries.isEmpty else { return }
        // Not a child task: another process should not have to wait for the leases to run out because this one was cancelled.
        _ = try? await machine.detach { [outbox] in await outbox.release(deliveries) }.value
    }
}
