package import JobQueue
package import Logging
package import SyncModel

/// A courier that sends over HTTP.
extension WebhookCourier {
    /// - Parameters:
    ///   - clock: sleeps until deliveries become due. Time limits of an attempt are always real time.
    ///   - random: a number in 0..<1, for the jitter.
    ///   - impossible: called for each move of a delivery that its state does not allow; tests fail there.
    package init(
        outbox: any DeliveryOutbox, settings: WebhookSettings, limits: CourierLimits = CourierLimits(),
        clock: any Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        resolver: any AddressResolver = SystemResolver(), logger: Logger,
        impossible: @escaping @Sendable (ImpossibleTransition) -> Void = { _ in }
    ) {
        self.init(
            outbox: outbox, settings: settings, limits: limits, clock: clock, random: random,
            clients: PinnedClients(
                limits: limits, resolver: resolver, trustedRoots: settings.trustedRoots, proxy: settings.proxy),
            logger: logger, impossible: impossible)
    }

    init(
        outbox: any DeliveryOutbox, settings: WebhookSettings, limits: CourierLimits,
        clock: any Clock<Duration>, random: @escaping @Sendable () -> Double, clients: PinnedClients, logger: Logger,
        impossible: @escaping @Sendable (ImpossibleTransition) -> Void
    ) {
        self.init(
            outbox: outbox, limits: limits, clock: clock, random: random,
            sender: WebhookSender(settings: settings, limits: limits, clients: clients), logger: logger,
            impossible: impossible)
    }
}
